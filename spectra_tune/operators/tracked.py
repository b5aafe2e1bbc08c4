"""Top singular values of weights wider than 128, followed from step to step.

Axes: M member, O out, I in, K the smaller of the two, L the larger; R Ritz vectors, X leading or new ones, Q = R + X.
Everything is done for one member alone, so that its bits do not depend on its company.
"""

from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from scipy.linalg import eigh, get_lapack_funcs
from torch import Tensor

from spectra_tune.operators.arpack import spectral_norms
from spectra_tune.operators.batched_matmul import multiply, one_thread
from spectra_tune.operators.pull import Pull

Array = np.ndarray
_functions: Any = get_lapack_funcs(("syevd", "potrf"), dtype=np.float32)
_eigen_decomposition, _cholesky_factor = _functions

KEPT, NEW, GROWN = 32, 8, 64
"""Ritz vectors carried over, directions per expansion, and most vectors within a call.

24 kept and grown to 40 stall where a target holds some thirty values within a few percent of the largest.
"""
EXPANSIONS = 12
"""At most so many, then the exact decomposition is cheaper."""
TOLERANCE = 3e-4
"""Relative error of sigma that the residuals may still admit."""
RESIDUAL_TOLERANCE = 5e-3
"""Relative residual of the NEW leading vectors: at 1e-2, one to pass the first in the next steps was missed."""
CERTIFIED_TOLERANCE = 5e-4
"""Relative error of sigma above which a check fails; wide of TOLERANCE, so that an accepted value does not fail."""
WIDTH_PER_CHECK = 32
"""A check costs K^3, a step K^2: one in K / 32 calls keeps their ratio the same at every width."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RitzState:
    """What one weight's next call continues from; with the same weight it continues with the same bits."""

    basis_RK: Tensor  # orthonormal rows, by descending Ritz value
    calls: Tensor  # int64 scalar, calls with a finite weight
    fallbacks: Tensor  # int64 scalar, exact decompositions that the tracking or a check asked for

    @staticmethod
    def fresh(out_features: int, in_features: int) -> "RitzState":
        """The state before the first call, which decomposes exactly."""
        basis_RK = torch.zeros(KEPT, min(out_features, in_features))
        return RitzState(basis_RK=basis_RK, calls=torch.tensor(0), fallbacks=torch.tensor(0))


class _Ritz(NamedTuple):
    """Orthonormal rows by descending length of their images W q, and these images."""

    basis_RK: Array
    image_RL: Array


def top_singular_value_tracked(weight_OI: Tensor, state: RitzState) -> tuple[Tensor, Tensor, Tensor, RitzState]:
    """Spectral norm of a float32 weight, with its unit singular vectors and the state for the next call.

    weight_OI: both sides > 128. Returns sigma (), u (out,), v (in,). Relative error <= 5e-4 at every check and
    where the residual is honest about the vectors that it has not seen, which between checks it need not be.
    A weight whose Gram matrix is not finite gets NaN and leaves the state as it was.
    Source: thick-restart block Krylov (Wu and Simon 2000) that starts from the last call's Ritz vectors and expands
    by residuals; we add the check, a Cholesky factorization that exists only if no singular value was missed.
    """
    if weight_OI.shape[0] < weight_OI.shape[1]:
        sigma, v_I, u_O, state = top_singular_value_tracked(weight_OI.T, state)
        return sigma, u_O, v_I, state
    weight_LK = weight_OI.detach().numpy()
    calls, fallbacks = int(state.calls), int(state.fallbacks)
    with np.errstate(all="ignore"):
        ritz = _tracked(weight_LK, state.basis_RK.numpy()) if calls else None
        check_is_due = calls % max(weight_LK.shape[1] // WIDTH_PER_CHECK, 1) == 0
        if ritz is not None and check_is_due and not _is_top(weight_LK, ritz):
            ritz = None
        if ritz is None:
            ritz = _exact(weight_LK)
            fallbacks += calls > 0
    if ritz is None:
        nan_O, nan_I = (torch.full((size,), torch.nan) for size in weight_OI.shape)
        return torch.tensor(torch.nan), nan_O, nan_I, state
    with np.errstate(over="ignore"):
        sigma = np.linalg.norm(ritz.image_RL[0])
    u_L = ritz.image_RL[0] / (sigma or 1)
    v_K = ritz.basis_RK[0].copy()
    state = RitzState(
        basis_RK=torch.from_numpy(ritz.basis_RK), calls=torch.tensor(calls + 1), fallbacks=torch.tensor(fallbacks)
    )
    return torch.tensor(sigma), torch.from_numpy(u_L), torch.from_numpy(v_K), state


class TrackedTopSingularValue:
    """Top singular values and vectors of one stacked wide weight; a call renews them, member by member."""

    def __init__(self, weight_MOI: Tensor, gradient_MOI: Tensor | None = None):
        members, rows, columns = weight_MOI.shape
        self._weight_MOI = weight_MOI
        self._states = [RitzState.fresh(rows, columns) for _ in range(members)]
        self.sigma_M = weight_MOI.new_empty(members)
        self.u_MO1, self.v_MI1 = weight_MOI.new_empty(members, rows, 1), weight_MOI.new_empty(members, columns, 1)
        self.weights = (weight_MOI,)
        self.gradients = () if gradient_MOI is None else (gradient_MOI,)
        self.pull = Pull(self.u_MO1, self.v_MI1, gradient_MOI)

    def __call__(self) -> None:
        with one_thread():
            for member, state in enumerate(self._states):
                sigma, u_O, v_I, self._states[member] = top_singular_value_tracked(self._weight_MOI[member], state)
                self.sigma_M[member] = sigma
                self.u_MO1[member, :, 0], self.v_MI1[member, :, 0] = u_O, v_I

    def measured(self) -> Tensor:
        """Sigma (members,) now, without a step of the tracking."""
        return spectral_norms(self._weight_MOI)

    @property
    def fallbacks(self) -> list[int]:
        """Exact decompositions that each member's tracking or checks asked for."""
        return [int(state.fallbacks) for state in self._states]

    def state(self) -> dict[str, Tensor]:
        """All that `restore` needs for equal bits."""
        each = [asdict(state) for state in self._states]
        return {name: torch.stack([one[name] for one in each]) for name in each[0]}

    def restore(self, state: dict[str, Tensor]) -> None:
        """Continues from the state of an equal stack."""
        self._states = [
            RitzState(**{name: values[member] for name, values in state.items()}) for member in range(len(self._states))
        ]


def _tracked(weight_LK: Array, basis_RK: Array) -> _Ritz | None:
    """Ritz vectors whose leading residuals are small enough, or None where no expansion got there."""
    image_RL = _multiply(basis_RK, weight_LK.T)
    back_XK = _multiply(image_RL[:NEW], weight_LK)
    for _ in range(EXPANSIONS):
        new_XK = _orthonormal_beside(basis_RK, back_XK)
        basis_QK = np.concatenate((basis_RK, new_XK))
        image_QL = np.concatenate((image_RL, _multiply(new_XK, weight_LK.T)))
        value_Q, vector_QQ, failure = _eigen_decomposition(image_QL @ image_QL.T)
        if failure or not np.isfinite(value_Q[-1]):
            return None
        value_R, rotation_RQ = value_Q[: -GROWN - 1 : -1], vector_QQ.T[: -GROWN - 1 : -1]
        basis_RK, image_RL = rotation_RQ @ basis_QK, rotation_RQ @ image_QL
        back_XK = _multiply(image_RL[:NEW], weight_LK)
        if _within_tolerance(value_R, back_XK - value_R[:NEW, None] * basis_RK[:NEW]):
            return _Ritz(_polished(basis_RK[:KEPT]), image_RL[:KEPT])
    return None


def _within_tolerance(value_R: Array, residual_XK: Array) -> bool:
    """Whether the leading Ritz vectors' residuals keep the first value within TOLERANCE of the largest one.

    Values are squares of singular values. All residuals must be small; then either half the first is small enough, or
    no leading value passes the bound when lifted by residual' residual / gap, the gap being that to the first value
    behind them: second-order perturbation, which also holds where they nearly coincide.
    """
    coupling_XX = residual_XK @ residual_XK.T
    if not np.isfinite(value_R[0] * value_R[0] + coupling_XX).all():  # sigma near 1e10: the exact way goes further
        return False
    if coupling_XX.diagonal().max() > (RESIDUAL_TOLERANCE * value_R[0]) ** 2:
        return False
    allowed = 2 * TOLERANCE * value_R[0]
    if coupling_XX[0, 0] <= allowed**2:
        return True
    gap = value_R[0] - value_R[NEW]
    coupling_XX.flat[:: NEW + 1] -= gap * (allowed + value_R[0] - value_R[:NEW])
    return bool(np.linalg.eigvalsh(coupling_XX)[-1] <= 0)


def _is_top(weight_LK: Array, ritz: _Ritz) -> bool:
    """Whether no singular value exceeds the leading Ritz value by more than CERTIFIED_TOLERANCE.

    Then, and up to rounding only then, bound I - W'W has a Cholesky factor.
    """
    shifted_KK = _multiply(weight_LK.T, weight_LK)
    np.negative(shifted_KK, out=shifted_KK)
    leading = ritz.image_RL[0] @ ritz.image_RL[0]
    shifted_KK.flat[:: len(shifted_KK) + 1] += leading * (1 + CERTIFIED_TOLERANCE) ** 2
    return _cholesky_factor(shifted_KK.T, lower=1, clean=0, overwrite_a=1)[1] == 0


def _exact(weight_LK: Array) -> _Ritz | None:
    """The leading eigenvectors of the Gram matrix; None where it is not finite."""
    gram_KK = _multiply(weight_LK.T, weight_LK)
    if not np.isfinite(gram_KK).all():
        return None
    last = len(gram_KK) - 1
    _, vector_KR = eigh(
        gram_KK, subset_by_index=(last - KEPT + 1, last), driver="evr", overwrite_a=True, check_finite=False
    )
    basis_RK = np.ascontiguousarray(vector_KR.T[::-1])
    return _Ritz(basis_RK, _multiply(basis_RK, weight_LK.T))


def _orthonormal_beside(basis_RK: Array, block_XK: Array) -> Array:
    """Orthonormal rows that span the block's part outside the basis; twice, as once loses digits."""
    for _ in range(2):
        block_XK = block_XK - (block_XK @ basis_RK.T) @ basis_RK
        block_XK = np.linalg.qr(block_XK.T)[0].T
    return np.ascontiguousarray(block_XK)


def _polished(basis_RK: Array) -> Array:
    """The nearly orthonormal rows, one Newton step nearer, or rounding would pile up over the calls."""
    return 1.5 * basis_RK - 0.5 * (basis_RK @ basis_RK.T) @ basis_RK


def _multiply(left: Array, right: Array) -> Array:
    """Every product with the weight; few rows go panel by panel, for which OpenBLAS packs nothing: at 1024 x 1024 that
    is 1.5 to 4 times as fast."""
    left_RK, right_KN = torch.from_numpy(left), torch.from_numpy(right)
    product_RN = torch.empty(len(left), right.shape[1], dtype=left_RK.dtype)
    panel = right.shape[1] if len(left) > KEPT else 64 if len(left) <= NEW else 24
    panels, rest = divmod(right.shape[1], panel)
    parts = ((0, panels, panel), (panels * panel, 1, rest)) if rest else ((0, panels, panel),)
    for start, count, size in parts:
        columns = slice(start, start + count * size)
        right_PKN, out_PRN = (
            matrix[:, columns].unflatten(1, (count, size)).movedim(1, 0) for matrix in (right_KN, product_RN)
        )
        multiply(left_RK.expand(count, -1, -1), right_PKN, out=out_PRN)
    return product_RN.numpy()
