"""Intervals that are not a test's own: correlation, ratio, rate."""

import math
from collections.abc import Sequence
from typing import Any, Literal

import numpy
from numpy import ndarray
from scipy import optimize, special, stats

from analysis.statistics.estimate import Estimate, sample, standard_deviation


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
    hypergeometric = _hypergeometric(n, (1 + math.tanh(atanh_rho) * numpy.tanh(at)) / 2)
    density = numpy.exp(log_constant + log_density) * hypergeometric
    return float((density.reshape(len(half), -1) @ WEIGHTS * half).sum())


def _hypergeometric(n: int, x: ndarray) -> ndarray:
    """2F1(1/2, 1/2; n - 1/2; x) for x in 0 … 1; by its series from 50 points on, where scipy's is NaN near 1."""
    if n < 50:
        return special.hyp2f1(0.5, 0.5, n - 0.5, x)
    k = numpy.arange(40)  # the last term is below 1e-25
    total = numpy.ones_like(x)
    for ratio in ((k + 0.5) ** 2 / ((n - 0.5 + k) * (k + 1)))[::-1]:
        total = 1 + ratio * x * total
    return total


def _log_cosh(x: float | ndarray) -> Any:
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
    error: float = spread / n**0.5
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
    found = stats.binomtest(k, n).proportion_ci(level)
    return Estimate(estimate=k / n, low=float(found.low), high=float(found.high), n=n, method="Clopper-Pearson")
