"""Standardised effect sizes of paired differences, with noncentral-t intervals."""

import math
from collections.abc import Sequence

from numpy import ndarray
from scipy import optimize, special, stats

from analysis.estimate import Estimate, sample, standard_deviation

LARGEST_T = 1e5
"""Beyond it scipy's noncentral t is not accurate, and a spread this small beside the mean is rounding."""


def d_z(d: Sequence[float] | ndarray, level: float = 0.95) -> Estimate:
    """Mean over standard deviation of the differences. It grows with the quality of the pairing: never compare it
    across studies. None where the differences do not vary; no interval beyond |t| = 1e5, out of reach of scipy's nct.
    """
    values = sample(d, least=2)
    n, spread = len(values), standard_deviation(values)
    if spread == 0:
        return Estimate(estimate=None, df=n - 1, n=n, method="d_z")
    t = float(values.mean()) / spread * n**0.5
    if abs(t) > LARGEST_T:
        return Estimate(estimate=t / n**0.5, statistic=t, df=n - 1, n=n, method="d_z")
    low, high = (_noncentrality(t, n - 1, (1 + sign * level) / 2) / n**0.5 for sign in (1, -1))
    return Estimate(estimate=t / n**0.5, low=low, high=high, statistic=t, df=n - 1, n=n, method="d_z")


def g_z(d: Sequence[float] | ndarray, level: float = 0.95) -> Estimate:
    """d_z without its bias at small n: times J(n - 1), by gamma functions (Hedges 1981).

    J(1) does not exist: None for two differences.
    """
    found = d_z(d, level)
    if found.estimate is None or found.low is None or found.high is None or found.n == 2:
        return Estimate(estimate=None, df=found.df, n=found.n, method="g_z")
    df = found.n - 1
    factor = _hedges(df)
    return Estimate(
        estimate=found.estimate * factor,
        low=found.low * factor,
        high=found.high * factor,
        statistic=found.statistic,
        df=df,
        n=found.n,
        method="g_z",
    )


def _hedges(df: int) -> float:
    """J(df), the factor that removes the bias of d."""
    return math.exp(special.gammaln(df / 2) - special.gammaln((df - 1) / 2)) / (df / 2) ** 0.5


def _noncentrality(t: float, df: int, probability: float) -> float:
    """The noncentrality under which a t this large or smaller has the given probability."""

    def excess(noncentrality: float) -> float:
        return float(stats.nct.cdf(t, df, noncentrality)) - probability

    reach = 10.0
    while excess(t - reach) < 0 or excess(t + reach) > 0:
        reach *= 2
    return optimize.root_scalar(excess, bracket=(t - reach, t + reach), xtol=1e-12).root
