"""Estimate: an effect, its interval and its p, which travel together."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """One result. Fields that do not apply, or cannot be computed from the data at hand, are None, never NaN."""

    estimate: float | None
    low: float | None = None
    high: float | None = None
    p: float | None = None
    statistic: float | None = None
    df: float | None = None
    n: int
    method: str


def sample(d: Sequence[float] | numpy.ndarray, least: int = 1) -> numpy.ndarray:
    """The differences as a flat float array; refuses NaN, infinity and fewer than `least` of them."""
    values = numpy.asarray(d, dtype=float)
    if values.ndim != 1 or len(values) < least:
        raise ValueError(f"at least {least} differences in one dimension are needed, got an array of {values.shape}")
    if not numpy.isfinite(values).all():
        raise ValueError("differences must be finite: score diverged runs first, got NaN or infinity")
    return values


def standard_deviation(d: numpy.ndarray) -> float:
    """Sample standard deviation; exactly 0 where the spread is rounding error only."""
    spread = float(numpy.std(d, ddof=1))
    return 0.0 if spread <= 1e-12 * max(1.0, float(numpy.abs(d).max())) else spread
