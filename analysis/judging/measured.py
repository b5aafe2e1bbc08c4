"""What a comparison may be about: a metric on one split, or a generalization gap; named as a run table's column, or
declared with a table from elsewhere."""

import numpy
import pandas
from numpy import ndarray

from analysis.judging.generalization import GAPS, Gap
from spectra_tune.design import SPLIT_METRICS, Metric, NotComparable, SplitMetric
from spectra_tune.results import scored

SLACK = 1e-6
"""Of bounds, in the run table's numbers: a mean in single precision may lie so far beyond."""

AT_BEST = 1e-9
"""How near to the best that a metric can be counts as there, in its unit."""


Measured = SplitMetric | Gap

NAMED: dict[str, Measured] = {**SPLIT_METRICS, **GAPS}
"""What a comparison may name."""


def measured_as(metric: str | Measured) -> Measured:
    """What a comparison is about; a name is a column of the run table or a gap's."""
    if not isinstance(metric, str):
        return metric
    if metric not in NAMED:
        raise NotComparable(f"a comparison needs a metric of the run table, one of {', '.join(NAMED)}; got {metric!r}")
    return NAMED[metric]


def columns_of(measured: Measured) -> tuple[str, ...]:
    """The columns that a metric or a gap is read from."""
    return tuple(one.column for one in metrics_in(measured))


def metrics_in(measured: Measured) -> tuple[SplitMetric, ...]:
    """The metric itself, or the two that a gap is the difference of."""
    return measured.sides if isinstance(measured, Gap) else (measured,)


def values_of(runs: pandas.DataFrame, measured: Measured) -> tuple[pandas.Series, pandas.Series]:
    """What each run counts as, and what the best constant predictor scores, in the run table's numbers."""
    if isinstance(measured, Gap):
        return measured.scored(runs), measured.of_constant(runs)
    nothing = pandas.Series(float("nan"), runs.index)
    return scored(runs, measured.column), runs.get(measured.of_constant, nothing)


def bounds_of(metric: Metric) -> tuple[float, float]:
    """Within which the metric lies, in its unit; infinite where there is none."""
    low, high = metric.bounds
    return metric.scale * low, metric.scale * high


def best_of(metric: Metric) -> float:
    """The best that a metric can be, in its unit; infinite where there is none."""
    return bounds_of(metric)[1 if metric.higher_is_better else 0]


def share_at_best(values: ndarray, metric: Metric) -> float:
    """The share of values, in the metric's unit, that no other could beat."""
    return float(numpy.mean(metric.sign * values >= metric.sign * best_of(metric) - AT_BEST))


def check_numbers(values: ndarray, measured: Measured, names: str) -> None:
    """Refuses numbers of a run table that its metric cannot have."""
    metric = measured.metric
    low, high = metric.bounds
    if ((values < low - SLACK) | (values > high + SLACK)).any():
        kind = "" if metric.scale == 1 else "fractions "
        raise NotComparable(
            f"{names}: {column_of(measured)} must be {kind}in {low:g} … {high:g}, got {values.min()} … {values.max()}"
        )


def column_of(measured: Measured) -> str:
    """What a message calls it: a metric's column, a gap's name."""
    return measured.metric.name if isinstance(measured, Gap) else measured.column


def check_in_unit(arms: tuple[ndarray, ndarray], constant: ndarray | None, measured: SplitMetric) -> None:
    """Refuses what cannot be values in the metric's unit: NaN, beyond its bounds, of percent fractions among them.

    Fractions are told by the constant's score; where it is not known, by whoever reads the values from a table.
    """
    metric, name = measured.metric, measured.column
    values = numpy.concatenate((*arms, numpy.array([]) if constant is None else constant))
    if not numpy.isfinite(values).all():
        raise ValueError(f"{name} must be finite: score diverged runs as the constant first, got NaN or infinity")
    low, high = bounds_of(metric)
    kind = "" if metric.scale == 1 else "percent, "
    if ((values < low - SLACK) | (values > high + SLACK)).any():
        raise ValueError(f"{name} must be {kind}{low:g} … {high:g}, got {values.min():g} … {values.max():g}")
    if metric.scale == 1 or constant is None or not len(values):
        return
    largest = metric.bounds[1]
    if 0 < values.max() <= largest:
        raise ValueError(
            f"{name} must be percent, got fractions, at most {values.max():g}: multiply by {metric.scale:g}"
        )
    for arm in arms:
        if ((arm > 0) & (arm <= largest) & (constant >= metric.scale * largest / 10)).any():
            raise ValueError(f"{name} must be percent throughout, got fractions and percent mixed")
