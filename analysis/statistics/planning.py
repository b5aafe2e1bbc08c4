"""How many seeds a claim needs, and what so many seeds can show."""

import functools
import math
from collections.abc import Callable

import numpy
from scipy import optimize, stats

from analysis.statistics.noncentral_t import share_below
from analysis.statistics.significance import smallest_attainable_p

MOST_SEEDS = 100_000


def power(n: int, effect: float, sd: float, alpha: float) -> float:
    """Power of the two-sided paired t test of n differences; effect and sd in one unit. Source: noncentral t."""
    return _power_of_t(n, effect, sd, alpha)


def _power_of_t(n: int, effect: float, sd: float, alpha: float) -> float:
    if not sd > 0:
        raise ValueError(f"the standard deviation must be > 0 to plan with, got {sd}")
    if n < 2:
        return 0.0
    critical, shift = float(stats.t.isf(alpha / 2, n - 1)), abs(effect) / sd * n**0.5
    return 1 - share_below(critical, n - 1, shift) + share_below(-critical, n - 1, shift)


def seeds_needed(sd: float, effect: float, alpha: float, power: float = 0.8) -> int:
    """The smallest n whose paired t test has the power."""
    return _smallest(lambda n: _power_of_t(n, effect, sd, alpha), power)


def power_equivalence(n: int, sd: float, margin: float, alpha: float = 0.05, true_effect: float = 0.0) -> float:
    """Exact power of TOST: the t tests' shared sample variance is integrated over its chi distribution."""
    if n < 2:
        return 0.0
    df = n - 1
    error: float = sd / n**0.5
    critical = float(stats.t.isf(alpha, df))
    room = margin - critical * error * _spread_ratios(df)  # the mean must stay this near to 0
    inside = stats.norm.cdf((room - true_effect) / error) - stats.norm.cdf((-room - true_effect) / error)
    return float(numpy.where(room > 0, inside, 0.0).mean())


@functools.lru_cache(maxsize=1024)
def _spread_ratios(df: int) -> numpy.ndarray:
    """4000 equally probable values of sample over true standard deviation."""
    quantile = (numpy.arange(4000) + 0.5) / 4000
    return numpy.sqrt(stats.chi2.ppf(quantile, df) / df)


def seeds_needed_equivalence(sd: float, margin: float, alpha: float = 0.05, power: float = 0.9) -> int:
    """The smallest n whose TOST has the power where the true difference is 0."""
    return _smallest(lambda n: power_equivalence(n, sd, margin, alpha), power)


def detectable_effect(n: int, sd: float, alpha: float, power: float = 0.8) -> float:
    """The effect, in the unit of sd, that n differences (n >= 2) detect with the power."""
    if n < 2 or not 0 < power < 1:
        raise ValueError(f"at least 2 differences and a power within 0 … 1 are needed, got {n} and {power}")
    reach = 1.0
    while _power_of_t(n, reach, 1.0, alpha) < power:
        reach *= 2
    found = optimize.root_scalar(lambda effect: _power_of_t(n, effect, 1.0, alpha) - power, bracket=(0, reach))
    return sd * found.root


def sd_upper_limit(sd: float, n: int, level: float = 0.8) -> float:
    """One-sided upper confidence limit of a standard deviation estimated from n >= 2 values (Browne 1995)."""
    if n < 2:
        raise ValueError(f"a standard deviation needs at least 2 values, got {n}")
    return sd * math.sqrt((n - 1) / float(stats.chi2.ppf(1 - level, n - 1)))


def seeds_to_reach(alpha: float) -> int:
    """The smallest n whose exact two-sided sign flip can reach p <= alpha."""
    return next(n for n in range(1, 2_000) if smallest_attainable_p(n) <= alpha)


def _smallest(reached: Callable[[int], float], power: float) -> int:
    """The smallest n >= 2 with reached(n) >= power, by doubling and bisection."""
    high = 2
    while reached(high) < power:
        high *= 2
        if high > MOST_SEEDS:
            raise ValueError(
                f"more than {MOST_SEEDS} seeds would be needed: the effect is too small against the spread"
            )
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if reached(middle) >= power else (middle, high)
    return high
