"""The top singular value of a wide weight, from its vector a step ago: a few Lanczos steps, and a proof that it is top.

Squaring the Gram matrix costs a third of a training step at 64 columns and more beyond; from step to step the vector
hardly moves. What is found bounds sigma from below. It bounds it from above, too, where the bound times I minus the
Gram matrix has a Cholesky factorization; if it has none, there are more steps, and at last the squaring.
"""

import math

from numba import njit

from spectra_tune.engine.fused.elementary import COMPILED, f32
from spectra_tune.engine.fused.layers import FLOAT
from spectra_tune.engine.fused.registers import LANES, ROWS, product_block
from spectra_tune.engine.fused.sigma import MOST_STEPS, TINY, dot, image, products, top

WITHIN = 3e-4
"""Of sigma: how far above what was found it lies at most."""

WARM_STEPS, COLD_STEPS, ATTEMPTS = 8, 24, 3

NARROW = 32
"""Columns up to which squaring costs less."""

_times_4, _times_2, _times_1 = (product_block(1, vectors, "none") for vectors in (4, 2, 1))
_subtract = product_block(ROWS, 1, "add")


@njit(**COMPILED)
def followed_top(room, rows, columns, length, kept):
    """sigma of the weight in room.tall, with vectors in room.v and room.u.

    kept: the vector of the step before (columns, or more), zeros before the first; renewed.
    """
    if columns <= NARROW:
        return top(room, rows, columns, length)
    products(room.tall, 1, length, room.tall, room.gram, length, length, rows, room.zero)
    begun = dot(kept, kept) > f32(0.0)
    for i in range(length):
        room.v[i] = f32(0.0)
    for i in range(columns):  # a little of every direction: the top one may be new
        room.v[i] = (kept[i] if begun else f32(0.0)) + f32(0.01) * f32((i * 7919 + 13) % 31 - 15) / f32(15.0)
    steps = WARM_STEPS if begun else COLD_STEPS
    for _ in range(ATTEMPTS):
        _lanczos(room, length, min(steps, columns, MOST_STEPS))
        sigma = image(room, rows, columns, length)
        if _bounds(room, length, sigma * sigma * f32((1 + WITHIN) ** 2)):
            break
        steps *= 2
    else:
        sigma = top(room, rows, columns, length)
    for i in range(columns):
        kept[i] = room.v[i] if math.isfinite(sigma) else f32(0.0)
    return sigma


@njit(**COMPILED)
def _lanczos(room, length, steps):
    """Makes room.v the unit vector that the Gram matrix stretches most, of those that so many steps from it reach."""
    basis, new = room.basis, room.product
    diagonal, beside, weight = room.diagonal, room.beside, room.weight
    scale = f32(1.0) / max(f32(math.sqrt(dot(room.v[:length], room.v[:length]))), TINY)
    for i in range(length):
        basis[i] = room.v[i] * scale
    made = 0
    for step in range(steps):
        last = basis[step * length : (step + 1) * length]
        _times(room.gram, last, new, length, room.zero)
        if step > 0:
            before, back = basis[(step - 1) * length : step * length], f32(beside[step - 1])
            for i in range(length):
                new[i] -= back * before[i]
        along = dot(new[:length], last)
        for i in range(length):
            new[i] -= along * last[i]
        diagonal[step] = along
        size = math.sqrt(dot(new[:length], new[:length]))
        beside[step] = size
        made = step + 1
        if not size > 1e-6 * abs(diagonal[0]) or made == steps:
            break
        scale = f32(1.0 / size)
        for i in range(length):
            basis[made * length + i] = new[i] * scale
    _top_of_tridiagonal(diagonal, beside, weight, room.pivot, made)
    for i in range(length):
        room.v[i] = f32(0.0)
    for step in range(made):
        share = f32(weight[step])
        for i in range(length):
            room.v[i] += share * basis[step * length + i]
    scale = f32(1.0) / max(f32(math.sqrt(dot(room.v[:length], room.v[:length]))), TINY)
    for i in range(length):
        room.v[i] *= scale


@njit(**COMPILED)
def _top_of_tridiagonal(diagonal, beside, weight, pivot, count):
    """Unit eigenvector of the largest eigenvalue, float64: halving between bounds, then inverse iteration above it."""
    low = high = diagonal[0]
    for j in range(count):
        low = max(low, diagonal[j])
        reach = (beside[j] if j + 1 < count else 0.0) + (beside[j - 1] if j > 0 else 0.0)
        high = max(high, diagonal[j] + reach)
    for _ in range(30):
        middle = 0.5 * (low + high)
        d = diagonal[0] - middle
        above = d < 0
        for j in range(1, count):
            if not above:
                break
            d = diagonal[j] - middle - beside[j - 1] * beside[j - 1] / d
            above = d < 0
        if above:  # all pivots are negative: no eigenvalue exceeds the middle
            high = middle
        else:
            low = middle
    shift = high * (1 + 1e-9) + 1e-30
    for j in range(count):
        weight[j] = 1.0
    for _ in range(2):
        pivot[0] = diagonal[0] - shift
        for j in range(1, count):
            factor = beside[j - 1] / pivot[j - 1]
            pivot[j] = diagonal[j] - shift - factor * beside[j - 1]
            weight[j] -= factor * weight[j - 1]
        weight[count - 1] /= pivot[count - 1]
        for j in range(count - 2, -1, -1):
            weight[j] = (weight[j] - beside[j] * weight[j + 1]) / pivot[j]
        total = 0.0
        for j in range(count):
            total += weight[j] * weight[j]
        scale = 1.0 / math.sqrt(total)
        for j in range(count):
            weight[j] *= scale


@njit(**COMPILED)
def _times(matrix, vector, out, length, zero):
    """out = vector @ matrix, of a matrix (length, length)."""
    a, b, to, none = vector.ctypes.data, matrix.ctypes.data, out.ctypes.data, zero.ctypes.data
    vectors = 4 if length >= 4 * LANES else 2 if length >= 2 * LANES else 1
    for start in range(0, length, vectors * LANES):
        at = min(start, length - vectors * LANES) * FLOAT
        if vectors == 4:
            _times_4(a, 0, 1, b + at, length, to + at, 0, none, 0, none, length)
        elif vectors == 2:
            _times_2(a, 0, 1, b + at, length, to + at, 0, none, 0, none, length)
        else:
            _times_1(a, 0, 1, b + at, length, to + at, 0, none, 0, none, length)


@njit(**COMPILED)
def _bounds(room, length, bound):
    """Whether no eigenvalue of the Gram matrix exceeds the bound: bound I - Gram has a Cholesky factorization.

    ROWS rows of the factor at a time, then what they take from all rows below, of which only the upper part is kept.
    """
    a, minus = room.other, room.basis
    for i in range(length * length):
        a[i] = -room.gram[i]
    for i in range(length):
        a[i * length + i] += bound
    none = room.zero.ctypes.data
    for first in range(0, length, ROWS):
        left = first // LANES * LANES
        for k in range(first, first + ROWS):
            pivot = a[k * length + k]
            if not pivot > f32(0.0):
                return False
            scale = f32(1.0) / f32(math.sqrt(pivot))
            row, negative = (
                a[k * length + left : (k + 1) * length],
                minus[(k - first) * length + left : (k - first + 1) * length],
            )
            for i in range(length - left):
                row[i] *= scale
                negative[i] = -row[i]
            for below in range(k + 1, first + ROWS):
                to, factor = a[below * length + left : (below + 1) * length], a[k * length + below]
                for i in range(length - left):
                    to[i] -= factor * row[i]
        for r in range(first + ROWS, length, ROWS):
            for c in range(r // LANES * LANES, length, LANES):
                to = a.ctypes.data + (r * length + c) * FLOAT
                rows_at, of = a.ctypes.data + (first * length + c) * FLOAT, minus.ctypes.data + r * FLOAT
                _subtract(of, 1, length, rows_at, length, to, length, none, 0, none, ROWS)
    return True
