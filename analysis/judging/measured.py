"""What a comparison may be about, read from a run table: a metric on one split, or a generalization gap."""

import numpy
import pandas
from numpy import ndarray

from analysis.judging.generalization import GAPS, sides_of
from spectra_tune.design import SPLIT_METRICS, Metric, NotComparable
from spectra_tune.results import scored

SLACK = 1e-6
"""Of bounds, in the run table's numbers: a mean in single precision may lie so far beyond."""

AT_BEST = 1e-9
"""How near to the best that a metric can be counts as there, in its unit."""


METRICS_OF = {column: one.metric for column, one in SPLIT_METRICS.items()} | {
    name: gap.metric for name, gap in GAPS.items()
}
"""Of everything that a comparison may be about."""


def metric_of(name: str) -> Metric:
    """The metric that a column of the run table or a gap is of."""
    if name not in METRICS_OF:
        raise NotComparable(
            f"a comparison needs a metric of the run table, one of {', '.join(METRICS_OF)}; got {name!r}"
        )
    return METRICS_OF[name]


def columns_of(name: str) -> tuple[str, ...]:
    """The columns that a metric or a gap is read from."""
    return sides_of(name) if name in GAPS else (name,)


def values_of(runs: pandas.DataFrame, name: str) -> tuple[pandas.Series, pandas.Series]:
    """What each run counts as, and what the best constant predictor scores, in the run table's numbers."""
    if name in GAPS:
        return GAPS[name].scored(runs), GAPS[name].of_constant(runs)
    nothing = pandas.Series(float("nan"), runs.index)
    return scored(runs, name), runs.get(SPLIT_METRICS[name].of_constant, nothing)


def best_of(metric: Metric) -> float:
    """The best that a metric can be, in its unit; infinite where there is none."""
    return metric.scale * metric.bounds[1 if metric.higher_is_better else 0]


def share_at_best(values: ndarray, metric: Metric) -> float:
    """The share of values, in the metric's unit, that no other could beat."""
    return float(numpy.mean(metric.sign * values >= metric.sign * best_of(metric) - AT_BEST))


def check_numbers(values: ndarray, name: str, names: str) -> None:
    """Refuses numbers of a run table that its metric cannot have."""
    metric = metric_of(name)
    low, high = metric.bounds
    if ((values < low - SLACK) | (values > high + SLACK)).any():
        kind = "" if metric.scale == 1 else "fractions "
        raise NotComparable(f"{names}: {name} must be {kind}in {low:g} … {high:g}, got {values.min()} … {values.max()}")


def check_in_unit(arms: tuple[ndarray, ndarray], constant: ndarray, name: str) -> None:
    """Refuses what cannot be values in the metric's unit: NaN, beyond its bounds, of percent fractions among them."""
    metric = metric_of(name)
    values = numpy.concatenate((*arms, constant))
    if not numpy.isfinite(values).all():
        raise ValueError(f"{name} must be finite: score diverged runs as the constant first, got NaN or infinity")
    low, high = (metric.scale * bound for bound in metric.bounds)
    kind = "" if metric.scale == 1 else "percent, "
    if ((values < low - SLACK) | (values > high + SLACK)).any():
        raise ValueError(f"{name} must be {kind}{low:g} … {high:g}, got {values.min():g} … {values.max():g}")
    if metric.scale == 1 or not len(values):
        return
    largest = metric.bounds[1]
    if 0 < values.max() <= largest:
        raise ValueError(
            f"{name} must be percent, got fractions, at most {values.max():g}: multiply by {metric.scale:g}"
        )
    for arm in arms:
        if ((arm > 0) & (arm <= largest) & (constant >= metric.scale * largest / 10)).any():
            raise ValueError(f"{name} must be percent throughout, got fractions and percent mixed")
