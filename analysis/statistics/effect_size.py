"""Standardised effect sizes of paired differences, with noncentral-t intervals."""

import math
from collections.abc import Sequence

from numpy import ndarray
from scipy import special

from analysis.statistics.estimate import Estimate, sample, standard_deviation
from analysis.statistics.noncentral_t import noncentrality_at


def d_z(d: Sequence[float] | ndarray, level: float = 0.95) -> Estimate:
    """Mean over standard deviation of the differences. It grows with the quality of the pairing: never compare it
    across studies. None where the differences do not vary.
    """
    values = sample(d, least=2)
    n, size = len(values), standardised_mean(values)
    if size is None:
        return Estimate(estimate=None, df=n - 1, n=n, method="d_z, undefined without spread")
    return _standardised(size * n**0.5, n, 1 / n**0.5, level, "d_z")


def standardised_mean(d: Sequence[float] | ndarray) -> float | None:
    """d_z without its interval, which takes a hundred times as long."""
    values = sample(d, least=2)
    spread = standard_deviation(values)
    return None if spread == 0 else float(values.mean()) / spread


def g_z(d: Sequence[float] | ndarray, level: float = 0.95) -> Estimate:
    """d_z without its bias at small n: times J(n - 1), by gamma functions (Hedges 1981).

    J(1) does not exist: None for two differences.
    """
    found = d_z(d, level)
    if found.estimate is None or found.n == 2:
        return Estimate(estimate=None, df=found.df, n=found.n, method="g_z, undefined")
    factor = _hedges(found.n - 1)
    return Estimate(
        estimate=found.estimate * factor,
        low=None if found.low is None else found.low * factor,
        high=None if found.high is None else found.high * factor,
        statistic=found.statistic,
        df=found.df,
        n=found.n,
        method="g_z",
    )


def _standardised(t: float, n: int, scale: float, level: float, method: str) -> Estimate:
    """t times `scale`, with the interval of its noncentrality on the same scale."""
    low, high = (scale * noncentrality_at(t, n - 1, (1 + sign * level) / 2) for sign in (1, -1))
    return Estimate(estimate=t * scale, low=low, high=high, statistic=t, df=n - 1, n=n, method=method)


def _hedges(df: int) -> float:
    """J(df), the factor that removes the bias of d."""
    return math.exp(special.gammaln(df / 2) - special.gammaln((df - 1) / 2)) / (df / 2) ** 0.5
