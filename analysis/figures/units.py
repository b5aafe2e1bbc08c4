"""A metric's unit, beside values, differences and axes."""

from spectra_tune.design import PHASES, Metric, SplitMetric
from spectra_tune.design.outcome import PP

IN_FULL = {PP: "percentage points"}
"""Of units that an axis does not abbreviate."""


def named(measured: SplitMetric) -> str:
    """A metric and the data it is measured on, where that is known: `test accuracy`; over all phases just its words."""
    if measured.split == PHASES:
        return measured.metric.words
    return f"{measured.split} {measured.metric.words}".lstrip()


def of_values(what: str, metric: Metric) -> str:
    """What is given as the metric itself is: `baseline, %`."""
    return _with(what, metric.symbol.strip())


def of_differences(what: str, metric: Metric) -> str:
    """What is given in the unit of differences: `sd of baseline, pp`."""
    return _with(what, metric.unit)


def of_gain(metric: Metric, higher: str = "difference", in_full: bool = False) -> str:
    """What a gain is called, positive where the treatment is better: `difference, pp`.

    higher: its name where higher values are better, so that it is treatment - baseline.
    """
    unit = IN_FULL.get(metric.unit, metric.unit) if in_full else metric.unit
    return _with(higher, unit) if metric.higher_is_better else f"{_with('gain', unit)} (lower values are better)"


def behind(metric: Metric) -> str:
    """The unit of differences behind a number: ` pp`; nothing where there is none."""
    return f" {metric.unit}" if metric.unit else ""


def _with(what: str, unit: str) -> str:
    return f"{what}, {unit}" if unit else what
