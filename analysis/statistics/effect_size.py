"""Effect sizes of paired differences: standardised ones with noncentral-t intervals, and those by ranks."""

import math
from collections.abc import Sequence

import numpy
from numpy import ndarray
from scipy import optimize, special, stats

from analysis.statistics.estimate import Estimate, sample, standard_deviation
from analysis.statistics.intervals import binomial_bounds
from analysis.statistics.ranks import TIE, null_distribution, signed_ranks, walsh_averages

LARGEST_T = 1e5
"""Beyond it scipy's noncentral t is not accurate, and a spread this small beside the mean is rounding."""

TRIMMED = 0.25
"""Share that an interquartile mean leaves out at each end."""


def d_z(d: Sequence[float] | ndarray, level: float = 0.95) -> Estimate:
    """Mean over standard deviation of the differences. It grows with the quality of the pairing: never compare it
    across studies. None where the differences do not vary; no interval beyond |t| = 1e5, out of reach of scipy's nct.
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


def d_av(treatment: Sequence[float] | ndarray, baseline: Sequence[float] | ndarray, level: float = 0.95) -> Estimate:
    """Mean difference over the root of both arms' mean variance: comparable with unpaired literature, unlike d_z.

    treatment, baseline: (n,), paired by position. Interval: noncentral t of the paired test, rescaled (Algina and
    Keselman 2003). pingouin prints this number as "cohen_d" of paired data. None where neither arm varies.
    """
    one, other = sample(treatment, least=2), sample(baseline, least=2)
    if len(one) != len(other):
        raise ValueError(f"both arms must have the same seeds, got {len(one)} and {len(other)} values")
    n, difference = len(one), one - other
    mean, spread = float(difference.mean()), standard_deviation(difference)
    scale = math.sqrt((standard_deviation(one) ** 2 + standard_deviation(other) ** 2) / 2)
    if scale == 0:
        return Estimate(estimate=None, df=n - 1, n=n, method="d_av, undefined without spread")
    if spread == 0:
        return Estimate(estimate=mean / scale, df=n - 1, n=n, method="d_av")
    return _standardised(mean / spread * n**0.5, n, spread / scale / n**0.5, level, "d_av")


def rank_biserial(d: Sequence[float] | ndarray, level: float = 0.95) -> Estimate:
    """Matched-pairs rank-biserial correlation (W+ - W-) / (W+ + W-), zero differences dropped (Kerby 2014).

    Interval: Fisher's z with the null variance of W, as R's effectsize has it; None where all signs agree, since
    it would have no width there. statistic: W+. None where all differences are 0.
    """
    values = sample(d)
    ranks = signed_ranks(values)
    n, m = len(values), len(ranks)
    if m == 0:
        return Estimate(estimate=None, n=n, method="rank-biserial, undefined: all differences are 0")
    total = float(numpy.abs(ranks).sum())
    found = float(ranks.sum()) / total
    low = high = None
    if abs(found) < 1:
        error = math.sqrt((2 * m**3 + 3 * m**2 + m) / 6) / ((m**2 + m) / 2)
        half = float(stats.norm.isf((1 - level) / 2)) * error
        low, high = math.tanh(math.atanh(found) - half), math.tanh(math.atanh(found) + half)
    statistic = float(ranks[ranks > 0].sum())
    return Estimate(estimate=found, low=low, high=high, statistic=statistic, n=n, method="rank-biserial")


def probability_of_superiority(d: Sequence[float] | ndarray, level: float = 0.95) -> Estimate:
    """P(d > 0) + P(d = 0) / 2 with its Clopper-Pearson interval; p: exact sign test without the zeros."""
    values = sample(d)
    n, slack = len(values), TIE * float(numpy.abs(values).max())
    above, below = int((values > slack).sum()), int((values < -slack).sum())
    wins = above + (n - above - below) / 2
    low, high = binomial_bounds(wins, n, level)
    p = float(stats.binomtest(above, above + below).pvalue) if above + below else 1.0
    return Estimate(estimate=wins / n, low=low, high=high, p=p, statistic=wins, n=n, method="Clopper-Pearson")


def interquartile_mean(x: Sequence[float] | ndarray, level: float = 0.95) -> Estimate:
    """Mean of the middle half; t interval by the winsorized variance (Tukey and McLaughlin 1963).

    It hides a crashed run: print the number of diverged runs beside it.
    """
    values = numpy.sort(sample(x))
    n, cut = len(values), int(TRIMMED * len(values))
    middle = values[cut : n - cut]
    kept, mean = len(middle), float(middle.mean())
    if kept < 2:
        return Estimate(estimate=mean, n=n, method="interquartile mean")
    spread = standard_deviation(numpy.clip(values, middle[0], middle[-1]))
    half = float(stats.t.ppf((1 + level) / 2, kept - 1)) * spread * n**0.5 / kept
    return Estimate(
        estimate=mean, low=mean - half, high=mean + half, df=kept - 1, n=n, method="interquartile mean, winsorized t"
    )


def hodges_lehmann(d: Sequence[float] | ndarray, level: float = 0.95) -> Estimate:
    """Median of the Walsh averages, with the exact interval of the signed-rank test (no ties assumed, as in R).

    The interval covers at least `level`; None where so few differences cannot reach it (n < 6 at 0.95).
    """
    values = sample(d)
    n, walsh = len(values), walsh_averages(values)
    sums, probability = null_distribution(numpy.arange(1.0, n + 1))
    reached = numpy.cumsum(probability[sums == numpy.rint(sums)])  # of whole sums 0, 1, 2, …
    outside = int(numpy.searchsorted(reached, (1 - level) / 2 * (1 + 1e-12), side="right"))
    low = high = None
    if outside > 0:
        low, high = float(walsh[outside - 1]), float(walsh[len(walsh) - outside])
    return Estimate(estimate=float(numpy.median(walsh)), low=low, high=high, n=n, method="Hodges-Lehmann")


def _standardised(t: float, n: int, scale: float, level: float, method: str) -> Estimate:
    """t times `scale`, with the interval of its noncentrality on the same scale."""
    low = high = None
    if abs(t) <= LARGEST_T:
        low, high = (scale * _noncentrality(t, n - 1, (1 + sign * level) / 2) for sign in (1, -1))
    return Estimate(estimate=t * scale, low=low, high=high, statistic=t, df=n - 1, n=n, method=method)


def _hedges(df: int) -> float:
    """J(df), the factor that removes the bias of d."""
    return math.exp(special.gammaln(df / 2) - special.gammaln((df - 1) / 2)) / (df / 2) ** 0.5


def _noncentrality(t: float, df: int, probability: float) -> float:
    """The noncentrality under which a t this large or smaller has the given probability."""

    def excess(noncentrality: float) -> float:
        return float(special.nctdtr(df, noncentrality, t)) - probability  # what stats.nct.cdf calls

    reach = 10.0
    while excess(t - reach) < 0 or excess(t + reach) > 0:
        reach *= 2
    return optimize.root_scalar(excess, bracket=(t - reach, t + reach), xtol=1e-12).root
