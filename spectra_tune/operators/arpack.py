"""Spectral norms without a state: what a report measures, where squaring would cost too much.

Axes: M member, O out, I in.
"""

from typing import Any

import numpy
import torch
from scipy.sparse.linalg import ArpackError, svds
from torch import Tensor

from spectra_tune.operators.batched_matmul import one_thread


def spectral_norms(weight_MOI: Tensor) -> Tensor:
    """Spectral norms (members,) of wide weights, relative error <= 1e-5; NaN where one is not finite.

    Source: ARPACK from a fixed start, which is cheaper once than squaring.
    """
    with one_thread():
        return torch.tensor([_norm(weight) for weight in weight_MOI.numpy()], dtype=weight_MOI.dtype)


def _norm(weight_OI: numpy.ndarray) -> float:
    largest = numpy.abs(weight_OI).max()
    if not numpy.isfinite(largest):
        return numpy.nan
    if largest == 0:
        return 0.0
    scale = 2.0 ** numpy.floor(numpy.log2(float(largest)))  # a power of two: no bit changes, and no square overflows
    weight_OI = (weight_OI.astype(numpy.float64) / scale).astype(weight_OI.dtype)
    start = numpy.random.default_rng(0).normal(size=min(weight_OI.shape)).astype(weight_OI.dtype)
    try:
        found: Any = svds(weight_OI, k=1, v0=start, tol=1e-7, return_singular_vectors=False)  # type: ignore[arg-type]
    except ArpackError:
        found = numpy.linalg.svd(weight_OI, compute_uv=False)
    return float(found[0]) * scale
