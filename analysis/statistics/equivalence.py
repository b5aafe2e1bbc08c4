"""Tests of differences against a margin: shown to be smaller, not worse, or larger."""

from collections.abc import Sequence
from dataclasses import dataclass

from numpy import ndarray
from scipy import stats

from analysis.statistics.estimate import Estimate, sample, standard_deviation


@dataclass(frozen=True, slots=True, kw_only=True)
class Rope:
    """Posterior of the mean: how probable it is below, within and above the region of practical equivalence.

    low, high: credible interval of the mean. The probabilities are None where the differences do not vary.
    """

    p_left: float | None
    p_rope: float | None
    p_right: float | None
    estimate: float
    low: float
    high: float
    df: float
    n: int
    method: str


def tost(d: Sequence[float] | ndarray, margin: float, level: float = 0.90) -> Estimate:
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
    half = float(stats.t.ppf((1 + level) / 2, n - 1)) * error
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
    error = spread / n**0.5
    return Estimate(
        estimate=mean,
        low=mean - float(stats.t.ppf(level, n - 1)) * error,
        p=float(stats.t.sf((mean - bound) / error, n - 1)),
        statistic=(mean - bound) / error,
        df=n - 1,
        n=n,
        method=method,
    )


def rope(d: Sequence[float] | ndarray, margin: float, level: float = 0.95) -> Rope:
    """Probabilities that the mean lies below -margin, within and above, for independent seeds.

    Posterior: Student's t about the mean with n - 1 df and scale s / sqrt(n). baycomp's two_on_single adds the
    variance of cross-validation folds, which independent seeds do not have.
    """
    _check(margin)
    values = sample(d, least=2)
    n, mean, spread = len(values), float(values.mean()), standard_deviation(values)
    if spread == 0:
        undefined = "rope, no posterior without spread"
        return Rope(
            p_left=None, p_rope=None, p_right=None, estimate=mean, low=mean, high=mean, df=n - 1, n=n, method=undefined
        )
    posterior = stats.t(n - 1, loc=mean, scale=spread / n**0.5)
    left, right = float(posterior.cdf(-margin)), float(posterior.sf(margin))
    low, high = posterior.interval(level)
    return Rope(
        p_left=left,
        p_rope=max(0.0, 1 - left - right),
        p_right=right,
        estimate=mean,
        low=float(low),
        high=float(high),
        df=n - 1,
        n=n,
        method="rope, Student posterior",
    )


def _check(margin: float) -> None:
    if not margin > 0:
        raise ValueError(f"the margin must be > 0, got {margin}")
