"""The top singular value of one member's weight, with its vectors, as operators/dense.py has them of all members.

A weight is copied to where it stands tall, (larger side, columns), its columns padded with zeros to whole vectors.
"""

import math
from typing import NamedTuple

import numpy
from numba import njit
from numba.extending import register_jitable
from numpy import ndarray

from spectra_tune.engine.fused.elementary import COMPILED, f32
from spectra_tune.engine.fused.layers import FLOAT
from spectra_tune.engine.fused.registers import LANES, ROWS, product_block
from spectra_tune.operators.dense import GROUPS_OF_SQUARINGS, SQUARINGS_PER_GROUP

_block = product_block(ROWS, 1, "none")

MOST_STEPS = 48
"""Of a Krylov space."""

TINY = numpy.finfo(numpy.float32).tiny


class Room(NamedTuple):
    """Memory for one weight at a time, float32: `room_for` makes it."""

    tall: ndarray  # the weight, and behind it of which no row is filled up to whole blocks
    gram: ndarray
    other: ndarray  # of the Gram matrix's size
    product: ndarray  # of the tall weight's size
    v: ndarray  # unit vector of the smaller side
    u: ndarray  # of the larger side
    zero: ndarray  # one 0
    basis: ndarray  # rows of the smaller side, of those that following goes through
    diagonal: ndarray  # float64, as the next three
    beside: ndarray
    weight: ndarray
    pivot: ndarray


@register_jitable
def padded(count, multiple):
    """The next multiple."""
    return -(-count // multiple) * multiple


def room_for(shapes: list[tuple[int, int]]) -> Room:
    """Memory for weights of these shapes."""
    smaller = padded(max(min(shape) for shape in shapes), LANES)
    larger = padded(max(max(shape) for shape in shapes), ROWS)
    tall = max(padded(max(shape), ROWS) * padded(min(shape), LANES) for shape in shapes)
    sizes = (tall, smaller**2, smaller**2, max(tall, smaller), smaller, larger, 1, MOST_STEPS * smaller)
    return Room(
        *(numpy.zeros(size, numpy.float32) for size in sizes),
        *(numpy.zeros(MOST_STEPS) for _ in range(4)),
    )


@njit(**COMPILED)
def stand(values, at, row_step, n_out, n_in, room):
    """Copies a weight (n_out, n_in) that lies from a place on to room.tall, transposed where it is wide."""
    rows, columns = max(n_out, n_in), min(n_out, n_in)
    length = padded(columns, LANES)
    tall = room.tall
    for r in range(padded(rows, ROWS)):
        for c in range(length):
            if r >= rows or c >= columns:
                tall[r * length + c] = f32(0.0)
            elif n_out >= n_in:
                tall[r * length + c] = values[at + r * row_step + c]
            else:
                tall[r * length + c] = values[at + c * row_step + r]
    return rows, columns, length


@njit(**COMPILED)
def products(a, a_row, a_k, b, out, rows, columns, count, zero):
    """out[r, :] = sum over k of a[r, k] b[k, :]; b and out have `columns` columns, whole vectors; rows whole blocks."""
    zero_at = zero.ctypes.data
    for r in range(0, rows, ROWS):
        for c in range(0, columns, LANES):
            _block(
                a.ctypes.data + r * a_row * FLOAT, a_row, a_k,
                b.ctypes.data + c * FLOAT, columns,
                out.ctypes.data + (r * columns + c) * FLOAT, columns,
                zero_at, 0, zero_at, count,
            )  # fmt: skip


@njit(**COMPILED)
def top(room, rows, columns, length):
    """sigma of the weight in room.tall, whose unit vectors are put to room.v and room.u."""
    if columns == 1:
        room.v[0] = f32(1.0)
    elif columns == 2:
        _of_two_columns(room, rows, length)
    else:
        _by_squaring(room, rows, columns, length)
    return image(room, rows, columns, length)


@njit(**COMPILED)
def image(room, rows, columns, length):
    """sigma = |W v|, and u = W v / sigma."""
    total = f32(0.0)
    for r in range(rows):
        at = dot(room.tall[r * length : r * length + columns], room.v[:columns])
        room.u[r] = at
        total += at * at
    sigma = f32(math.sqrt(total))
    scale = f32(1.0) / max(sigma, TINY)
    for r in range(rows):
        room.u[r] *= scale
    return sigma


@njit(fastmath={"reassoc"}, **COMPILED)
def dot(a, b):
    """Sum of products, by lane."""
    total = f32(0.0)
    for i in range(len(a)):
        total += a[i] * b[i]
    return total


@njit(**COMPILED)
def _of_two_columns(room, rows, length):
    """Unit eigenvector of a symmetric 2 x 2 matrix, in closed form."""
    a = b = d = f32(0.0)
    for r in range(rows):
        x, y = room.tall[r * length], room.tall[r * length + 1]
        a += x * x
        b += x * y
        d += y * y
    trace = max(a + d, TINY)
    half, b = (a / trace - d / trace) / f32(2.0), b / trace
    root = f32(math.sqrt(half * half + b * b))
    first = half + root if half >= 0 else b
    second = b if half >= 0 else root - half
    norm = f32(math.sqrt(first * first + second * second))
    if norm == 0 and a + d > 0:
        first = norm = f32(1.0)
    norm = max(norm, TINY)
    room.v[0], room.v[1] = first / norm, second / norm


@njit(**COMPILED)
def _by_squaring(room, rows, columns, length):
    """Unit eigenvector of the top eigenvalue of the Gram matrix: the longest row of a high power of it."""
    products(room.tall, 1, length, room.tall, room.gram, length, length, rows, room.zero)
    power, next_power = room.gram, room.other
    for _ in range(GROUPS_OF_SQUARINGS):
        largest = TINY
        for i in range(columns):
            largest = max(largest, power[i * length + i])
        scale = f32(1.0) / largest
        for i in range(length * length):
            power[i] *= scale
        for _ in range(SQUARINGS_PER_GROUP):
            products(power, 1, length, power, next_power, length, length, columns, room.zero)
            power, next_power = next_power, power
    row = 0
    for i in range(1, columns):
        if power[i * length + i] > power[row * length + row]:
            row = i
    longest = power[row * length : row * length + columns]
    scale = f32(1.0) / max(f32(math.sqrt(dot(longest, longest))), TINY)
    for i in range(columns):
        room.v[i] = longest[i] * scale
