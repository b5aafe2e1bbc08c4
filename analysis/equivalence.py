"""Tests of differences against a margin: shown to be smaller, or shown to be larger."""

from collections.abc import Sequence

from numpy import ndarray
from scipy import stats

from analysis.estimate import Estimate, sample, standard_deviation


def tost(d: Sequence[float] | ndarray, margin: float) -> Estimate:
    """Two one-sided t tests of |mean| < margin; p is the larger, low and high are the 90 % interval.

    Equivalent at 5 % if p < 0.05, which is the 90 % interval within ±margin. Without variance t is not defined and p
    is that of a one-sided sign flip about the margin: 2^-n where all differences lie inside, else 1; never 0.
    """
    _check(margin)
    values = sample(d, least=2)
    n, mean, spread = len(values), float(values.mean()), standard_deviation(values)
    if spread == 0:
        p = 2.0**-n if abs(mean) < margin else 1.0
        return Estimate(estimate=mean, low=mean, high=mean, p=p, df=n - 1, n=n, method="TOST")
    error = spread / n**0.5
    half = float(stats.t.ppf(0.95, n - 1)) * error
    statistic = (margin - abs(mean)) / error  # of the nearer bound, whose p is the larger
    return Estimate(
        estimate=mean,
        low=mean - half,
        high=mean + half,
        p=float(stats.t.sf(statistic, n - 1)),
        statistic=statistic,
        df=n - 1,
        n=n,
        method="TOST",
    )


def superiority_by_margin(d: Sequence[float] | ndarray, margin: float) -> Estimate:
    """One-sided t test of mean > margin; low is the one-sided lower 95 % bound. Without variance as in `tost`."""
    _check(margin)
    values = sample(d, least=2)
    n, mean, spread = len(values), float(values.mean()), standard_deviation(values)
    if spread == 0:
        p = 2.0**-n if mean > margin else 1.0
        return Estimate(estimate=mean, low=mean, p=p, df=n - 1, n=n, method="superiority by a margin")
    error = spread / n**0.5
    return Estimate(
        estimate=mean,
        low=mean - float(stats.t.ppf(0.95, n - 1)) * error,
        p=float(stats.t.sf((mean - margin) / error, n - 1)),
        statistic=(mean - margin) / error,
        df=n - 1,
        n=n,
        method="superiority by a margin",
    )


def _check(margin: float) -> None:
    if not margin > 0:
        raise ValueError(f"the margin must be > 0, got {margin}")
