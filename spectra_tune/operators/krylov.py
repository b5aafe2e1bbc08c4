"""Top singular values of linear maps that can only be applied, followed from step to step.

Axes: K number of the smaller side, L of the larger; R Ritz vectors, X leading or new ones, Q both.
Everything is done for one member alone, so that its bits do not depend on its company.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy
import torch
from torch import Tensor

from spectra_tune.errors import InvalidStudy
from spectra_tune.operators.ritz import LinearMap, Space, beside, decomposed, polished, products, restarted, turned

LEAST, MOST, NEAR = 8, 32, 0.08
"""Ritz vectors carried over: those within this share of the largest sigma, at least and at most so many.

16 at most are too few: a target holds more values than that within what a step of training moves them by.
"""
MOST_CERTIFIED = 24
"""Where every call is certified: what they miss is found anyway, at a price."""
NEW, GROWN = 8, 96
"""Directions per expansion, and most vectors within a call."""
EXPANSIONS = 16
"""At most so many, then a cold start is tried, which is counted."""
COLD_EXPANSIONS = 400
"""At most so many from random vectors on; seldom more than thirty."""
TOLERANCE = 4e-4
"""Relative error of sigma that the residuals may still admit."""
SETTLED = 1e-4
"""Share of its value by which an expansion by the leading residuals must lift it at most."""
RESIDUAL_TOLERANCE = 2e-2
"""Relative residual of the leading vector: it is what the weights are pulled along."""
CHECK_EVERY = 256
"""Calls from one check to the next where no bound is to be had: it costs about as much as so many."""
CHECK_TOLERANCE = 5e-4
"""Relative error of sigma above which such a check fails; wide of TOLERANCE, so that an accepted value does not."""
CERTIFIED_TOLERANCE = 8e-4
"""Relative error of sigma that a bound admits."""
INVERSIONS, DRAWN = 40, 2
"""At most so many expansions by an inverse, each by the leading vectors' and so many random ones' images."""
NEAR_BOUND = 0.25
"""Share of the way from a value to a bound, seen from the bound, within which the largest value is sought first."""
SMALLEST = 1e-20
"""Squared singular value that counts as none, of a map whose kernel's largest number is about 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KrylovState:
    """What one map's next call continues from; with the same map it continues with the same bits."""

    basis_QK: Tensor  # orthonormal rows: Ritz vectors and directions to look in; zeros before the first call
    calls: Tensor  # int64 scalar, calls with a map that is finite and not zero
    fallbacks: Tensor  # int64 scalar, cold starts and inversions that the tracking or a check asked for

    @staticmethod
    def fresh(smaller: int, like: Tensor) -> "KrylovState":
        """The state before the first call, of a map whose smaller side has so many numbers."""
        basis_QK = like.new_zeros(min(MOST, smaller), smaller)
        return KrylovState(basis_QK=basis_QK, calls=torch.tensor(0), fallbacks=torch.tensor(0))


class _Found(NamedTuple):
    """The first Ritz vector, its image, whether it is good enough, and the basis that is carried over."""

    vector_K: Tensor
    image_L: Tensor
    converged: bool
    basis_QK: Tensor

    @property
    def value(self) -> float:
        """Its squared singular value."""
        return float(self.image_L @ self.image_L)


def top_singular_vector(
    linear: LinearMap, state: KrylovState, seeds_XK: Tensor | None
) -> tuple[Tensor, Tensor, KrylovState]:
    """The top unit right singular vector (K,) of a finite map that is not zero, its image (L,), and the next state.

    seeds_XK: directions to look in besides, where the map has changed too much for the last vectors alone.
    The image's length is sigma. Where bounds are to be had its relative error is <= 8e-4, certified at every call; else
    it is <= 1e-3 at every check and where the residual is honest about the vectors that it has not seen, which between
    checks it need not be.
    Source: thick-restart block Krylov (Wu and Simon 2000) that starts from the last call's Ritz vectors and residuals;
    we add the seeds, and the check, another one that starts from random vectors. What a bound refutes is found by
    inverse iteration.
    """
    calls, fallbacks = int(state.calls), int(state.fallbacks)
    found = _grown(linear, _seeded(linear, state.basis_QK, seeds_XK), EXPANSIONS) if calls else None
    if found is None or not found.converged:
        found, fallbacks = _cold(linear, state.basis_QK, calls), fallbacks + (calls > 0)
    elif linear.below is not None:
        if linear.below(_certifying(found.value)) is None:
            found, fallbacks = _inverted(linear, found.basis_QK, calls), fallbacks + 1
    elif calls % CHECK_EVERY == 0:
        other = _cold(linear, state.basis_QK, calls)
        if other.value > (1 + CHECK_TOLERANCE) ** 2 * found.value:
            found, fallbacks = other, fallbacks + 1
    state = KrylovState(basis_QK=found.basis_QK, calls=torch.tensor(calls + 1), fallbacks=torch.tensor(fallbacks))
    return found.vector_K, found.image_L, state


def _seeded(linear: LinearMap, basis_QK: Tensor, seeds_XK: Tensor | None) -> Tensor:
    """The basis with the seeds and what the map makes of them: by themselves they may lie below what is known."""
    if seeds_XK is None:
        return basis_QK
    seeds_XK = beside(basis_QK, seeds_XK)
    basis_QK = torch.cat((basis_QK, seeds_XK))
    return polished(torch.cat((basis_QK, beside(basis_QK, linear.adjoint(linear.apply(seeds_XK))))))


def norm(linear: LinearMap, state: KrylovState) -> float:
    """The spectral norm of a finite map that is not zero, whatever was found before; relative error <= 8e-4.

    state: of the map, for its size and kind of number.
    """
    return _cold(linear, state.basis_QK, 0).value ** 0.5


def _cold(linear: LinearMap, like_QK: Tensor, calls: int) -> _Found:
    """From random vectors on, drawn anew for each call."""
    smaller = like_QK.shape[1]
    drawn = numpy.random.default_rng(calls).normal(size=(min(MOST, smaller), smaller))
    start_RK = torch.linalg.qr(torch.as_tensor(drawn).to(like_QK).T)[0].T.contiguous()
    if linear.below is not None:
        return _inverted(linear, start_RK, calls)
    found = _grown(linear, start_RK, COLD_EXPANSIONS)
    if not found.converged:
        raise _not_found(COLD_EXPANSIONS)
    return found


def _not_found(expansions: int) -> InvalidStudy:
    return InvalidStudy(
        f"a spectral norm must be found within {expansions} expansions of its Krylov space, it was not: "
        "name other weights (regularized)"
    )


def _grown(linear: LinearMap, basis_QK: Tensor, expansions: int) -> _Found:
    """Ritz vectors of the space that grows by the leading ones' residuals, until the first is good enough.

    The last residuals are not looked at but carried over: one look at the next map then tells of both. Where a bound is
    to be had, which certifies the value, the first vector's residual is all that counts.
    """
    space = Space.of(linear, basis_QK)
    before = -torch.inf
    for number in range(expansions + 1):
        value_Q, vector_QQ = decomposed(space.gram_QQ)
        values = value_Q.tolist()
        leading_XK, leading_XL = turned(vector_QQ[:NEW], space.basis_QK, space.image_QL)
        back_XK = linear.adjoint(leading_XL)
        residual_XK = torch.addcmul(back_XK, value_Q[:NEW, None].to(back_XK), leading_XK, value=-1)
        settled = linear.below is not None or values[0] - before <= SETTLED * values[0]
        before = values[0]
        converged = len(space.basis_QK) >= basis_QK.shape[1] or _within_tolerance(value_Q, residual_XK, settled=settled)
        last = converged or number == expansions
        if last or len(space.basis_QK) + NEW > GROWN:
            kept = _kept(values, linear)
            space = restarted(space, value_Q[:kept], vector_QQ[:kept])
        new_XK = beside(space.basis_QK, residual_XK)
        if last:
            break
        space = space.with_new(linear, new_XK)
    return _Found(leading_XK[0], leading_XL[0], converged, polished(torch.cat((space.basis_QK, new_XK))))


def _inverted(linear: LinearMap, basis_QK: Tensor, calls: int) -> _Found:
    """Ritz vectors of the space that grows by inverses at bounds that come ever nearer, until one certifies the first.

    Random vectors, drawn anew for each call, come along: what is sought may be orthogonal to all that is known.
    """
    assert linear.below is not None
    generator = numpy.random.default_rng(calls)
    space, bound = Space.of(linear, basis_QK), None
    for _ in range(INVERSIONS):
        value_Q, vector_QQ = decomposed(space.gram_QQ)
        kept = _kept(value_Q.tolist(), linear)
        space = restarted(space, value_Q[:kept], vector_QQ[:kept])
        value, vector_K, image_L = float(value_Q[0]), space.basis_QK[0], space.image_QL[0]
        inverse = linear.below(_certifying(value))
        certified = inverse is not None
        if inverse is None:
            bound, inverse = _bounded(linear.below, value, bound)
        drawn_XK = torch.as_tensor(generator.normal(size=(DRAWN, len(vector_K)))).to(vector_K)
        new_XK = beside(space.basis_QK, inverse(torch.cat((space.basis_QK[:NEW], drawn_XK))))
        if certified:
            residual_K = linear.adjoint(image_L[None])[0] - value * vector_K
            if kept == len(vector_K) or float(residual_K.norm()) <= RESIDUAL_TOLERANCE * value:
                return _Found(vector_K, image_L, True, polished(torch.cat((space.basis_QK, new_XK))))
        space = space.with_new(linear, new_XK)
    raise _not_found(INVERSIONS)


def _certifying(value: float) -> float:
    """The bound that no squared singular value may exceed."""
    return max(value, SMALLEST) * (1 + CERTIFIED_TOLERANCE) ** 2


def _bounded(
    below: Callable[[float], Callable[[Tensor], Tensor] | None], value: float, bound: float | None
) -> tuple[float, Callable[[Tensor], Tensor]]:
    """A bound on the largest value, with its inverse, so near to it that the inverse favours it over the given one.

    bound: one that is known.
    """
    lower, upper = _certifying(value), bound
    value = max(value, SMALLEST)
    rise, inverse = 4 * CERTIFIED_TOLERANCE, None
    while upper is None:
        rise *= 4
        inverse = below(value * (1 + rise))
        if inverse is None:
            lower = value * (1 + rise)
        else:
            upper = value * (1 + rise)
    while upper - lower > NEAR_BOUND * (upper - value):
        middle = (lower + upper) / 2
        nearer = below(middle)
        if nearer is None:
            lower = middle
        else:
            upper, inverse = middle, nearer
    if inverse is None:
        inverse = below(upper)
    assert inverse is not None
    return upper, inverse


def _kept(values: list[float], linear: LinearMap) -> int:
    """How many vectors are carried over: those that may pass the first before the whole map is looked at again."""
    near = sum(value >= (1 - NEAR) ** 2 * values[0] for value in values)
    return min(max(near, LEAST), MOST if linear.below is None else MOST_CERTIFIED, len(values))


def _within_tolerance(value_R: Tensor, residual_XK: Tensor, *, settled: bool) -> bool:
    """Whether the leading Ritz vectors' residuals keep the first value within TOLERANCE of the largest one.

    Values are squares of singular values. Either half the first residual is small enough, or no leading value passes
    the bound when lifted by residual' residual / gap, the gap being that to the first value behind them: second-order
    perturbation, which also holds where they nearly coincide. Where so many crowd that there is no gap, no vector is
    ever resolved, but the value is: settled says that the last expansion did not lift it.
    """
    coupling_XX = products(residual_XK, residual_XK)
    leading, first = len(coupling_XX), float(coupling_XX[0, 0])
    value = float(value_R[0])
    if first > (RESIDUAL_TOLERANCE * value) ** 2:
        return False
    allowed = 2 * TOLERANCE * value
    if settled or first <= allowed**2:
        return True
    if len(value_R) <= leading:
        return False
    gap = value - float(value_R[leading])
    coupling_XX.diagonal().sub_(gap * (allowed + value - value_R[:leading]))
    return bool(torch.linalg.eigvalsh(coupling_XX)[-1] <= 0)
