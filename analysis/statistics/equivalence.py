"""Tests of differences against a margin: shown to be smaller, not worse, or larger."""

from collections.abc import Sequence
from dataclasses import replace

from numpy import ndarray
from scipy import special

from analysis.statistics.estimate import Estimate, sample, standard_deviation
from analysis.statistics.significance import paired_t


def tost(d: Sequence[float] | ndarray, margin: float, level: float = 0.90) -> Estimate:
    """Two one-sided t tests of |mean| < margin; p is the larger, low and high are the 90 % interval.

    Equivalent at 5 % if p < 0.05, which is the 90 % interval within ±margin. Without variance t is not defined and p
    is that of a one-sided sign flip about the margin: 2^-n where all differences lie inside, else 1; never 0.
    """
    _check(margin)
    values = sample(d, least=2)
    t = paired_t(values, level)
    nearer = _above(values if values.mean() < 0 else -values, -margin, level, "TOST")  # the bound whose p is the larger
    return replace(nearer, estimate=t.estimate, low=t.low, high=t.high)


def non_inferiority(d: Sequence[float] | ndarray, margin: float, level: float = 0.95) -> Estimate:
    """One-sided t test of mean > -margin; low is the one-sided lower bound. Without variance as in `tost`."""
    _check(margin)
    return _above(d, -margin, level, "non-inferiority")


def superiority_by_margin(d: Sequence[float] | ndarray, margin: float, level: float = 0.95) -> Estimate:
    """One-sided t test of mean > margin; low is the one-sided lower bound. Without variance as in `tost`."""
    _check(margin)
    return _above(d, margin, level, "superiority by a margin")


def _above(d: Sequence[float] | ndarray, bound: float, level: float, method: str) -> Estimate:
    values = sample(d, least=2)
    n, mean, spread = len(values), float(values.mean()), standard_deviation(values)
    if spread == 0:
        p = 2.0**-n if mean > bound else 1.0
        return Estimate(estimate=mean, low=mean, p=p, df=n - 1, n=n, method=method)
    error: float = spread / n**0.5
    t = (mean - bound) / error
    return Estimate(
        estimate=mean,
        low=mean - float(special.stdtrit(n - 1, level)) * error,
        p=float(special.stdtr(n - 1, -t)),
        statistic=t,
        df=n - 1,
        n=n,
        method=method,
    )


def _check(margin: float) -> None:
    if not margin > 0:
        raise ValueError(f"the margin must be > 0, got {margin}")
