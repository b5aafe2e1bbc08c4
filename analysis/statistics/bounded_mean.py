"""The mean of values that cannot lie beyond bounds, such as accuracies, with an interval that does not either."""

import math
from collections.abc import Sequence

import numpy
from numpy import ndarray
from scipy import special

from analysis.statistics.estimate import Estimate, sample, standard_deviation

ROUNDING = 1e-6
"""How far beyond a bound a value may lie, in a metric's own numbers: a mean in single precision."""

Bounds = tuple[float, float]


def bounded_mean(values: Sequence[float] | ndarray, bounds: Bounds, level: float = 0.95) -> Estimate:
    """Mean of values (n >= 2) within bounds, either of which may be infinite, with its two-sided t interval.

    Values that do not vary have themselves as interval, also at a bound: their spread says nothing finer.
    """
    given, (low, high) = sample(values, least=2), bounds
    slack = ROUNDING * (high - low if math.isfinite(high - low) else 1.0)
    if given.min() < low - slack or given.max() > high + slack:
        raise ValueError(f"values must lie within {low:g} … {high:g}, got {given.min():g} … {given.max():g}")
    n, mean = len(given), float(numpy.clip(given.mean(), low, high))
    half = float(special.stdtrit(n - 1, (1 + level) / 2)) * standard_deviation(given) / n**0.5
    ends = bounded_ends(mean, half, bounds)
    return Estimate(estimate=mean, low=float(ends[0]), high=float(ends[1]), df=n - 1, n=n, method="bounded mean, t")


def bounded_ends(mean: float | ndarray, half: float | ndarray, bounds: Bounds) -> tuple[ndarray, ndarray]:
    """The ends of mean ± half, made on a scale that fits the bounds and turned back: NaN where either is.

    Between two bounds the scale is the arcsine of the root of the mean's place, on which shares of correct samples
    spread alike wherever they lie (Bartlett 1936); it ends at the bounds. Beside one bound it is the logarithm of the
    distance. half is carried there by the scale's slope at the mean (the delta method). Without a half the mean itself.
    """
    low, high = bounds
    at, reach = numpy.asarray(mean, dtype=float), numpy.asarray(half, dtype=float)
    above, below = at - low, high - at
    with numpy.errstate(divide="ignore", invalid="ignore", over="ignore"):
        if math.isinf(low) and math.isinf(high):
            ends = at - reach, at + reach
        elif math.isinf(high):
            ends = low + above * numpy.exp(-reach / above), low + above * numpy.exp(reach / above)
        elif math.isinf(low):
            ends = high - below * numpy.exp(reach / below), high - below * numpy.exp(-reach / below)
        else:
            place, slope = numpy.arcsin(numpy.sqrt(above / (above + below))), 0.5 / numpy.sqrt(above * below)
            angles = (numpy.clip(place + side * reach * slope, 0, math.pi / 2) for side in (-1, 1))
            ends = tuple(low + (high - low) * numpy.sin(angle) ** 2 for angle in angles)
    fixed = (reach == 0) | (above <= 0) | (below <= 0)  # a mean at its bound does not vary but for rounding
    return numpy.where(fixed, at, ends[0]), numpy.where(fixed, at, ends[1])
