"""Whole training curves: area, epochs to a threshold, and what one arm saves of another's epochs."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy
from numpy import ndarray
from numpy.typing import ArrayLike
from scipy import stats

from analysis.statistics.bounded_mean import Bounds, bounded_ends
from analysis.statistics.estimate import Estimate
from analysis.statistics.intervals import ratio_interval
from analysis.statistics.significance import paired_t, sign_flip


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochsToThreshold:
    """Epochs to a threshold, treatment - baseline, paired; runs that never reach it count as the budget.

    p: sign flip. A pair that neither arm finishes is 0 and counted in both_censored.
    """

    treatment_epochs: tuple[float, ...]
    baseline_epochs: tuple[float, ...]
    censored_treatment: int
    censored_baseline: int
    both_censored: int
    budget: float
    estimate: float
    low: float | None
    high: float | None
    p: float | None
    statistic: float | None
    df: float | None
    n: int
    method: str


def area_under_curve(epoch: Sequence[float] | ndarray, value: ArrayLike, normalised: bool = False):
    """Trapezoid area under curves: value (…, epochs) gives (…,), a float for one curve; in value x epochs.

    normalised: over the epochs spanned, which is the mean height, in the value's own unit.
    """
    at, values = _curves(epoch, value)
    area = numpy.trapezoid(values, at, axis=-1) / (at[-1] - at[0] if normalised else 1)
    return float(area) if numpy.ndim(area) == 0 else area


def first_reached(
    epoch: Sequence[float] | ndarray,
    value: ArrayLike,
    threshold: float,
    *,
    higher_is_better: bool = True,
) -> ndarray:
    """The first evaluated epoch at which each curve reaches the threshold: value (runs, epochs); NaN where never.

    A diverged run's NaN never reaches it.
    """
    at, values = _curves(epoch, value, finite=False)
    with numpy.errstate(invalid="ignore"):
        reached = values >= threshold if higher_is_better else values <= threshold
    return numpy.where(reached.any(axis=-1), at[numpy.argmax(reached, axis=-1)], numpy.nan)


def epochs_to_threshold(
    epoch: Sequence[float] | ndarray,
    treatment: ArrayLike,
    baseline: ArrayLike,
    threshold: float,
    *,
    higher_is_better: bool = True,
) -> EpochsToThreshold:
    """Epochs that the treatment needs more (or less) to reach a threshold fixed in advance: curves (seeds, epochs).

    Censored at the budget, the last epoch: the difference of restricted means, with a t interval and a sign-flip p.
    Kaplan-Meier and log-rank ignore the pairing and are not used.
    """
    one = first_reached(epoch, treatment, threshold, higher_is_better=higher_is_better)
    other = first_reached(epoch, baseline, threshold, higher_is_better=higher_is_better)
    if one.ndim != 1 or one.shape != other.shape:
        raise ValueError(f"curves must be paired, (seeds, epochs) each, got {one.shape} and {other.shape} seeds")
    budget = float(numpy.asarray(epoch, dtype=float)[-1])
    missed_one, missed_other = numpy.isnan(one), numpy.isnan(other)
    one, other = numpy.where(missed_one, budget, one), numpy.where(missed_other, budget, other)
    difference = one - other
    t = paired_t(difference) if len(difference) > 1 else None
    return EpochsToThreshold(
        treatment_epochs=tuple(one.tolist()),
        baseline_epochs=tuple(other.tolist()),
        censored_treatment=int(missed_one.sum()),
        censored_baseline=int(missed_other.sum()),
        both_censored=int((missed_one & missed_other).sum()),
        budget=budget,
        estimate=float(difference.mean()),
        low=None if t is None else t.low,
        high=None if t is None else t.high,
        p=sign_flip(difference).p,
        statistic=None if t is None else t.statistic,
        df=None if t is None else t.df,
        n=len(difference),
        method="restricted mean difference, sign flip",
    )


def efficiency_ratio(found: EpochsToThreshold, level: float = 0.95) -> Estimate:
    """Mean epochs to the threshold, treatment over baseline, with Fieller's interval; below 1 the treatment is faster.

    Both means are restricted to the budget, which pulls the ratio towards 1 wherever runs were censored.
    """
    return ratio_interval(found.treatment_epochs, found.baseline_epochs, method="fieller", level=level)


def mean_band(
    value: ndarray, bounds: Bounds = (-math.inf, math.inf), level: float = 0.95
) -> tuple[ndarray, ndarray, ndarray]:
    """Mean over runs with its pointwise t band, within the bounds: value (runs, epochs) gives three arrays (epochs,).

    NaN is left out.
    """
    counts, nothing = numpy.isfinite(value).sum(axis=0), numpy.full(int(value.shape[1]), numpy.nan)
    total = numpy.where(numpy.isfinite(value), value, 0.0).sum(axis=0)
    mean = numpy.divide(total, counts, out=nothing.copy(), where=counts > 0)
    squares = numpy.where(numpy.isfinite(value), (value - mean) ** 2, 0.0).sum(axis=0)
    variance = numpy.divide(squares, counts - 1, out=nothing.copy(), where=counts > 1)
    half = stats.t.ppf((1 + level) / 2, numpy.maximum(counts - 1, 1)) * numpy.sqrt(variance / numpy.maximum(counts, 1))
    return mean, *bounded_ends(mean, half, bounds)


def _curves(epoch: Sequence[float] | ndarray, value: ArrayLike, *, finite: bool = True) -> tuple[ndarray, ndarray]:
    at, values = numpy.asarray(epoch, dtype=float), numpy.asarray(value, dtype=float)
    if at.ndim != 1 or len(at) < 2 or values.shape[-1:] != at.shape or (numpy.diff(at) <= 0).any():
        raise ValueError(
            f"a curve needs a value at each of two or more rising epochs, got {at.shape} and {values.shape}"
        )
    if finite and not numpy.isfinite(values).all():
        raise ValueError("a curve must be finite: score diverged runs first, got NaN or infinity")
    return at, values
