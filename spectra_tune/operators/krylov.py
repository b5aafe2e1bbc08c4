"""Top singular values of linear maps that can only be applied, followed from step to step.

Axes: K number of the smaller side, L of the larger; R Ritz vectors, X leading or new ones, Q = R + X.
Everything is done for one member alone, so that its bits do not depend on its company.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy
import torch
from torch import Tensor

from spectra_tune.errors import InvalidStudy

LEAST, MOST, NEAR = 8, 32, 0.08
"""Ritz vectors carried over: those within this share of the largest sigma, at least and at most so many.

16 at most are too few: a target holds more values than that within what a step of training moves them by.
"""
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
"""Calls from one check to the next, which costs about as much as so many."""
CERTIFIED_TOLERANCE = 5e-4
"""Relative error of sigma above which a check fails; wide of TOLERANCE, so that an accepted value does not fail."""


class LinearMap(NamedTuple):
    """A map by what it does to rows: `apply` (X, K) -> (X, L), `adjoint` (X, L) -> (X, K), K <= L."""

    apply: Callable[[Tensor], Tensor]
    adjoint: Callable[[Tensor], Tensor]


@dataclass(frozen=True, slots=True, kw_only=True)
class KrylovState:
    """What one map's next call continues from; with the same map it continues with the same bits."""

    basis_RK: Tensor  # orthonormal rows, by descending Ritz value; zeros before the first call
    calls: Tensor  # int64 scalar, calls with a map that is finite and not zero
    fallbacks: Tensor  # int64 scalar, cold starts that the tracking or a check asked for

    @staticmethod
    def fresh(smaller: int, like: Tensor) -> "KrylovState":
        """The state before the first call, of a map whose smaller side has so many numbers."""
        basis_RK = like.new_zeros(min(MOST, smaller), smaller)
        return KrylovState(basis_RK=basis_RK, calls=torch.tensor(0), fallbacks=torch.tensor(0))


class _Ritz(NamedTuple):
    """Orthonormal rows by descending length of their images, these images, and whether the first is good enough."""

    basis_RK: Tensor
    image_RL: Tensor
    converged: bool


def top_singular_vector(
    linear: LinearMap, state: KrylovState, seeds_XK: Tensor | None
) -> tuple[Tensor, Tensor, KrylovState]:
    """The top unit right singular vector (K,) of a finite map that is not zero, its image (L,), and the next state.

    seeds_XK: directions to look in besides, where the map has changed too much for the last vectors alone.
    The image's length is sigma: relative error <= 1e-3 at every check and where the residual is honest about the
    vectors that it has not seen, which between checks it need not be.
    Source: thick-restart block Krylov (Wu and Simon 2000) that starts from the last call's Ritz vectors; we add the
    seeds, and the check, another one that starts from random vectors.
    """
    calls, fallbacks = int(state.calls), int(state.fallbacks)
    ritz = _grown(linear, _beside(linear, state.basis_RK, seeds_XK), EXPANSIONS) if calls else None
    if ritz is None or not ritz.converged:
        ritz, fallbacks = _cold(linear, state.basis_RK, calls), fallbacks + (calls > 0)
    elif calls % CHECK_EVERY == 0:
        other = _cold(linear, state.basis_RK, calls)
        if _length(other) > (1 + CERTIFIED_TOLERANCE) * _length(ritz):
            ritz, fallbacks = other, fallbacks + 1
    state = KrylovState(
        basis_RK=ritz.basis_RK.clone(), calls=torch.tensor(calls + 1), fallbacks=torch.tensor(fallbacks)
    )
    return ritz.basis_RK[0], ritz.image_RL[0], state


def _beside(linear: LinearMap, basis_RK: Tensor, seeds_XK: Tensor | None) -> Tensor:
    """The basis with the seeds and what the map makes of them: by themselves they may lie below what is known."""
    if seeds_XK is None:
        return basis_RK
    seeds_XK = _orthonormal_beside(basis_RK, seeds_XK)
    basis_RK = torch.cat((basis_RK, seeds_XK))
    return torch.cat((basis_RK, _orthonormal_beside(basis_RK, linear.adjoint(linear.apply(seeds_XK)))))


def norm(linear: LinearMap, state: KrylovState) -> float:
    """The spectral norm of a finite map that is not zero, whatever was found before; relative error <= 5e-4.

    state: of the map, for its size and kind of number.
    """
    return _length(_cold(linear, state.basis_RK, 0))


def _length(ritz: _Ritz) -> float:
    return float(torch.linalg.vector_norm(ritz.image_RL[0]))


def _cold(linear: LinearMap, like_RK: Tensor, calls: int) -> _Ritz:
    """From random vectors on, drawn anew for each call."""
    drawn = numpy.random.default_rng(calls).normal(size=like_RK.shape)
    start_RK = torch.linalg.qr(torch.as_tensor(drawn).to(like_RK).T)[0].T.contiguous()
    ritz = _grown(linear, start_RK, COLD_EXPANSIONS)
    if not ritz.converged:
        raise InvalidStudy(
            f"a spectral norm must be found within {COLD_EXPANSIONS} expansions of its Krylov space, it was not: "
            "name other weights (regularized)"
        )
    return ritz


def _grown(linear: LinearMap, basis_RK: Tensor, expansions: int) -> _Ritz:
    """Ritz vectors of the space that grows by the leading ones' residuals, until the first is good enough."""
    basis_QK, image_QL = basis_RK, linear.apply(basis_RK)
    gram_QQ = _products(image_QL, image_QL)
    before = -numpy.inf
    for number in range(expansions + 1):
        value_Q, vector_QQ = (one.numpy()[..., ::-1] for one in torch.linalg.eigh(torch.from_numpy(gram_QQ)))
        leading_XK, leading_XL = _turned(vector_QQ[:, :NEW], basis_QK, image_QL)
        residual_XK = linear.adjoint(leading_XL) - torch.as_tensor(value_Q[:NEW, None].copy()).to(basis_QK) * leading_XK
        settled = value_Q[0] - before <= SETTLED * value_Q[0]
        before = value_Q[0]
        converged = len(basis_QK) >= basis_QK.shape[1] or _within_tolerance(value_Q, residual_XK, settled=settled)
        if converged or number == expansions or len(basis_QK) + NEW > GROWN:
            kept = _kept(value_Q)
            basis_QK, image_QL = _turned(vector_QQ[:, :kept], basis_QK, image_QL)
            gram_QQ = numpy.diag(value_Q[:kept])
        if converged:
            break
        new_XK = _orthonormal_beside(basis_QK, residual_XK)
        new_XL = linear.apply(new_XK)
        beside_QX = _products(image_QL, new_XL)
        gram_QQ = numpy.block([[gram_QQ, beside_QX], [beside_QX.T, _products(new_XL, new_XL)]])
        basis_QK, image_QL = torch.cat((basis_QK, new_XK)), torch.cat((image_QL, new_XL))
    return _Ritz(basis_QK, image_QL, converged)


def _kept(value_Q: numpy.ndarray) -> int:
    """How many vectors are carried over: those that may pass the first before the whole map is looked at again."""
    near = int((value_Q >= (1 - NEAR) ** 2 * value_Q[0]).sum())
    return min(max(near, LEAST), MOST)


def _products(one_QL: Tensor, other_XL: Tensor) -> numpy.ndarray:
    return (one_QL @ other_XL.T).double().cpu().numpy()


def _turned(vector_QR: numpy.ndarray, *rows: Tensor) -> list[Tensor]:
    """Combinations of rows (Q, …)."""
    rotation_RQ = torch.as_tensor(numpy.ascontiguousarray(vector_QR.T)).to(rows[0])
    return [rotation_RQ @ of_rows for of_rows in rows]


def _within_tolerance(value_R: numpy.ndarray, residual_XK: Tensor, *, settled: bool) -> bool:
    """Whether the leading Ritz vectors' residuals keep the first value within TOLERANCE of the largest one.

    Values are squares of singular values. Either half the first residual is small enough, or no leading value passes
    the bound when lifted by residual' residual / gap, the gap being that to the first value behind them: second-order
    perturbation, which also holds where they nearly coincide. Where so many crowd that there is no gap, no vector is
    ever resolved, but the value is: settled says that the last expansion did not lift it.
    """
    coupling_XX = (residual_XK @ residual_XK.T).double().cpu().numpy()
    leading, value = len(coupling_XX), value_R
    if coupling_XX[0, 0] > (RESIDUAL_TOLERANCE * value[0]) ** 2:
        return False
    allowed = 2 * TOLERANCE * value[0]
    if settled or coupling_XX[0, 0] <= allowed**2:
        return True
    if len(value) <= leading:
        return False
    gap = value[0] - value[leading]
    coupling_XX.flat[:: leading + 1] -= gap * (allowed + value[0] - value[:leading])
    return bool(torch.linalg.eigvalsh(torch.from_numpy(coupling_XX))[-1] <= 0)


def _orthonormal_beside(basis_RK: Tensor, block_XK: Tensor) -> Tensor:
    """Orthonormal rows that span the block's part outside the basis; twice, as once loses digits."""
    block_XK = block_XK[: basis_RK.shape[1] - len(basis_RK)]
    for _ in range(2):
        block_XK = torch.linalg.qr((block_XK - (block_XK @ basis_RK.T) @ basis_RK).T)[0].T
    return block_XK.contiguous()
