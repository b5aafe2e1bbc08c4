"""Intervals that are not a test's own: bootstrap, correlation, ratio, rate."""

import math
from collections.abc import Iterator, Sequence
from typing import Literal

import numpy
from numpy import ndarray
from scipy import optimize, special, stats

from analysis.statistics.estimate import Estimate, sample, standard_deviation

RESAMPLES = 99_999
CELLS_AT_A_TIME = 1 << 22


def bootstrap(
    d: Sequence[float] | ndarray,
    method: Literal["studentized", "percentile", "bca"] = "studentized",
    seed: int = 0,
    level: float = 0.95,
    resamples: int = RESAMPLES,
) -> Estimate:
    """Bootstrap interval of the mean from seeded resamples.

    Only the studentized one covers at few seeds: simulated at a nominal 95 %, percentile and BCa cover 84 % with 5
    and 90 % with 10 differences. BCa: acceleration by jackknife, bias by midranks (R's boot counts ties as below).
    """
    if method not in ("studentized", "percentile", "bca"):
        raise ValueError(f"method must be studentized, percentile or bca, got {method!r}")
    values = sample(d, least=2)
    n, mean, spread = len(values), float(values.mean()), standard_deviation(values)
    name = f"{method} bootstrap"
    if spread == 0:
        return Estimate(estimate=mean, low=mean, high=mean, n=n, method=name)
    means, spreads = _resampled(values, seed, resamples)
    tails = numpy.array([(1 - level) / 2, (1 + level) / 2])
    if method == "studentized":
        with numpy.errstate(divide="ignore"):  # a resample of one value n times over is infinitely far out
            t = (means - mean) / (spreads / n**0.5)
        high_t, low_t = numpy.quantile(t[~numpy.isnan(t)], tails, method="inverted_cdf")[::-1]
        low, high = mean - float(high_t) * spread / n**0.5, mean - float(low_t) * spread / n**0.5
        if not math.isfinite(low) or not math.isfinite(high):
            return Estimate(estimate=mean, n=n, method=f"{name}, unbounded: too few different values")
        return Estimate(estimate=mean, low=low, high=high, n=n, method=name)
    if method == "bca":
        tails = _bca_tails(values, means, tails)
    low, high = numpy.quantile(means, tails)
    return Estimate(estimate=mean, low=float(low), high=float(high), n=n, method=name)


def _resampled(values: ndarray, seed: int, resamples: int) -> tuple[ndarray, ndarray]:
    """Means and standard deviations of all resamples."""
    means, spreads = [], []
    for indices in _resamples(len(values), seed, resamples):
        drawn = values[indices]
        mean = drawn.mean(axis=1)
        means.append(mean)
        spreads.append(drawn.std(axis=1, ddof=1))
    return numpy.concatenate(means), numpy.concatenate(spreads)


def _resamples(n: int, seed: int, resamples: int) -> Iterator[ndarray]:
    generator = numpy.random.default_rng(seed)
    at_a_time = max(1, CELLS_AT_A_TIME // n)
    for start in range(0, resamples, at_a_time):
        yield generator.integers(0, n, (min(at_a_time, resamples - start), n))


def _bca_tails(values: ndarray, means: ndarray, tails: ndarray) -> ndarray:
    """The probabilities at which BCa reads the resampled means (Efron 1987)."""
    n, mean = len(values), values.mean()
    slack = 1e-12 * max(1.0, abs(float(mean)))
    below = float((means < mean - slack).mean())
    ties = float((numpy.abs(means - mean) <= slack).mean())
    bias = float(stats.norm.ppf(below + ties / 2))
    without_one = (values.sum() - values) / (n - 1)
    deviations = without_one.mean() - without_one
    acceleration = float((deviations**3).sum() / (6 * (deviations**2).sum() ** 1.5))
    z = bias + stats.norm.ppf(tails)
    return numpy.asarray(stats.norm.cdf(bias + z / (1 - acceleration * z)))


def correlation_interval(r: float, n: int, level: float = 0.95) -> Estimate:
    """Exact interval of a correlation of n >= 3 normal pairs, from Hotelling's (1953) density of r.

    Fisher's z does not exist at n = 3 and is too short below about 10. A perfect correlation has itself as interval.
    """
    if n < 3 or not -1 <= r <= 1:
        raise ValueError(f"a correlation interval needs -1 <= r <= 1 and n >= 3, got r = {r} and n = {n}")
    if abs(r) == 1:
        return Estimate(estimate=float(r), low=float(r), high=float(r), n=n, method="exact")

    def bound(probability: float) -> float:
        """The true correlation under which an r this large or smaller has the probability."""
        z, reach = math.atanh(r), 12 / (n - 2) ** 0.5

        def excess(atanh_rho: float) -> float:
            return _share_below(z, atanh_rho, n) - probability

        return math.tanh(optimize.root_scalar(excess, bracket=(z - reach, z + reach), xtol=1e-13).root)

    return Estimate(estimate=float(r), low=bound((1 + level) / 2), high=bound((1 - level) / 2), n=n, method="exact")


NODES, WEIGHTS = numpy.polynomial.legendre.leggauss(48)


def _share_below(z: float, atanh_rho: float, n: int) -> float:
    """P(atanh R <= z) under a true correlation, by Gauss-Legendre quadrature of the density over w = z - atanh rho.

    In w the density is sech(w)^(n - 3/2) sqrt(cosh(z) / cosh(atanh rho)) 2F1(1/2, 1/2; n - 1/2; (1 + rho r) / 2) but
    for a constant: smooth, and falling as exp(-(n - 2) |w|) at least.
    """
    width = 1 / (n - 2) ** 0.5
    marks = numpy.array([-40, -20, -12, -8, -5, -3, -1.5, 0, 1.5, 3, 5, 8, 12, 20, 40]) * width
    end = z - atanh_rho
    edges = numpy.append(marks[marks < end], end)
    half, centre = numpy.diff(edges) / 2, (edges[1:] + edges[:-1]) / 2
    w = (centre[:, None] + half[:, None] * NODES).ravel()
    at = w + atanh_rho
    log_density = -(n - 1.5) * _log_cosh(w) + (_log_cosh(at) - _log_cosh(atanh_rho)) / 2
    log_constant = math.log(n - 2) + special.gammaln(n - 1) - special.gammaln(n - 0.5) - 0.5 * math.log(2 * math.pi)
    hypergeometric = special.hyp2f1(0.5, 0.5, n - 0.5, (1 + math.tanh(atanh_rho) * numpy.tanh(at)) / 2)
    density = numpy.exp(log_constant + log_density) * hypergeometric
    return float((density.reshape(len(half), -1) @ WEIGHTS * half).sum())


def _log_cosh(x):
    return numpy.logaddexp(x, -x) - math.log(2)


def ratio_interval(
    numerator: Sequence[float] | ndarray,
    denominator: Sequence[float] | ndarray,
    method: Literal["log", "fieller"] = "log",
    level: float = 0.95,
) -> Estimate:
    """Ratio of two paired positive quantities, such as seconds of two arms timed in turn: (n,) each, n >= 2.

    "log": geometric mean of the ratios, t interval on their logarithms; "fieller": ratio of the means (Fieller 1954).
    p: of a ratio of 1. Fieller's interval is None where the denominator's own interval includes 0.
    """
    above, below = sample(numerator, least=2), sample(denominator, least=2)
    if len(above) != len(below):
        raise ValueError(f"both sides must be paired, got {len(above)} and {len(below)} values")
    if method == "log":
        if (above <= 0).any() or (below <= 0).any():
            raise ValueError(
                f"a log ratio needs values > 0, got {min(above.min(), below.min()):g}; use method='fieller'"
            )
        return _log_ratio(numpy.log(above) - numpy.log(below), level)
    if method == "fieller":
        return _fieller(above, below, level)
    raise ValueError(f"method must be log or fieller, got {method!r}")


def _log_ratio(logs: ndarray, level: float) -> Estimate:
    n, mean, spread = len(logs), float(logs.mean()), standard_deviation(logs)
    method, ratio = "log ratio, paired t", math.exp(mean)
    if spread == 0:
        p = 1.0 if abs(mean) < 1e-12 else None
        return Estimate(estimate=ratio, low=ratio, high=ratio, p=p, df=n - 1, n=n, method=method)
    error = spread / n**0.5
    half = float(stats.t.ppf((1 + level) / 2, n - 1)) * error
    return Estimate(
        estimate=ratio,
        low=math.exp(mean - half),
        high=math.exp(mean + half),
        p=float(2 * stats.t.sf(abs(mean) / error, n - 1)),
        statistic=mean / error,
        df=n - 1,
        n=n,
        method=method,
    )


def _fieller(above: ndarray, below: ndarray, level: float) -> Estimate:
    n, top, bottom = len(above), float(above.mean()), float(below.mean())
    if bottom == 0:
        raise ValueError("a ratio needs a denominator whose mean is not 0, got 0")
    (top_top, top_bottom), (_, bottom_bottom) = numpy.cov(above, below) / n
    critical = float(stats.t.ppf((1 + level) / 2, n - 1)) ** 2
    difference, error = top - bottom, math.sqrt(max(0.0, float(top_top + bottom_bottom - 2 * top_bottom)))
    t = difference / error if error > 0 else None
    p = float(2 * stats.t.sf(abs(t), n - 1)) if t is not None else (1.0 if difference == 0 else None)
    # The roots in rho of (top - rho bottom)^2 = critical * var(top - rho bottom).
    a = bottom**2 - critical * float(bottom_bottom)
    b = top * bottom - critical * float(top_bottom)
    c = top**2 - critical * float(top_top)
    if a <= 0:
        return Estimate(
            estimate=top / bottom, p=p, df=n - 1, n=n, method="Fieller, unbounded: the denominator may be 0"
        )
    root = math.sqrt(max(0.0, b * b - a * c))
    return Estimate(
        estimate=top / bottom,
        low=(b - root) / a,
        high=(b + root) / a,
        p=p,
        statistic=t,
        df=n - 1,
        n=n,
        method="Fieller",
    )


def binomial_interval(k: int, n: int, level: float = 0.95) -> Estimate:
    """A rate of k in n with its Clopper-Pearson interval. 0 of 5 is compatible with a rate of 52 %."""
    if not 0 <= k <= n or n < 1:
        raise ValueError(f"a rate needs 0 <= k <= n and n >= 1, got {k} of {n}")
    low, high = binomial_bounds(k, n, level)
    return Estimate(estimate=k / n, low=low, high=high, n=n, method="Clopper-Pearson")


def binomial_bounds(k: float, n: int, level: float) -> tuple[float, float]:
    """Clopper-Pearson bounds; k may be a half, where a tie counts so."""
    outside = (1 - level) / 2
    low = float(stats.beta.ppf(outside, k, n - k + 1)) if k > 0 else 0.0
    high = float(stats.beta.isf(outside, k + 1, n - k)) if k < n else 1.0
    return low, high
