"""The noncentral t distribution by quadrature: scipy's is inaccurate or NaN far out (at df 1 and t 15 already)."""

import functools
import math

import numpy
from scipy import optimize, special

NODES, WEIGHTS = numpy.polynomial.legendre.leggauss(96)

FARTHEST = 9.5
"""Standard deviations beyond which a normal variable has less than 1e-20."""

TAIL = 1e-18
"""Probability that is left out at either end of the chi distribution."""


def share_below(t: float, df: float, noncentrality: float) -> float:
    """P(T <= t) for T = (Z + noncentrality) / S, with Z standard normal and S chi over the root of df; to 1e-12.

    For t > 0 that is P(Z + noncentrality <= t S). Of the two variables the one is integrated over in whose unit the
    probability of the other changes slowly: S has a spread of 1 / sqrt(2 df), Z / t one of 1 / t.
    """
    if t < 0:
        return 1 - share_below(-t, df, -noncentrality)
    if t * t < 2 * df:
        spreads, weights = _chi(df)
        return float(special.ndtr(t * spreads - noncentrality) @ weights)
    start = min(max(-noncentrality, -FARTHEST), FARTHEST)  # below it Z + noncentrality < 0 <= t S
    half = (FARTHEST - start) / 2
    z = start + half * (1 + NODES)
    above = special.gammaincc(df / 2, df / 2 * numpy.maximum(0, (z + noncentrality) / t) ** 2)
    density = numpy.exp(-z * z / 2) / math.sqrt(2 * math.pi)
    return float(special.ndtr(start) + half * (density * above) @ WEIGHTS)


def noncentrality_at(t: float, df: float, probability: float) -> float:
    """The noncentrality under which a t this large or smaller has the given probability, within 0 … 1."""
    if t < 0:
        return -noncentrality_at(-t, df, 1 - probability)
    missing = 1 - probability
    # P(t S - Z >= x) = probability, and t S - Z lies beyond these ends with less, and with more, than is missing.
    low = t * _quantile(df, missing / 2) - FARTHEST
    high = t * _quantile(df, (1 + missing) / 2) + FARTHEST
    found = optimize.root_scalar(
        lambda x: share_below(t, df, x) - probability, bracket=(low, high), method="brentq", xtol=1e-12, rtol=1e-14
    )
    return float(found.root)


def _quantile(df: float, probability: float) -> float:
    """Of S."""
    return math.sqrt(2 * float(special.gammaincinv(df / 2, probability)) / df)


@functools.lru_cache(maxsize=1024)
def _chi(df: float) -> tuple[numpy.ndarray, numpy.ndarray]:
    """Values of S and their weights, which add up to 1."""
    low, high = _quantile(df, TAIL), math.sqrt(2 * float(special.gammainccinv(df / 2, TAIL)) / df)
    spreads = low + (high - low) / 2 * (1 + NODES)
    log_density = (df - 1) * numpy.log(spreads) - df * spreads**2 / 2
    weights = numpy.exp(log_density - log_density.max()) * WEIGHTS
    return spreads, weights / weights.sum()
