"""The generalization gap: how much better a network scores on its training data than on test data."""

from dataclasses import dataclass, replace

import pandas

from spectra_tune.design import PHASES, SPLIT_METRICS, Metric, SplitMetric
from spectra_tune.results import scored


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """How much better one metric is on training data; its own metric has the same unit, and less of it is better."""

    metric: Metric
    sides: tuple[SplitMetric, SplitMetric]  # it is the first less the second

    def scored(self, runs: pandas.DataFrame) -> pandas.Series:
        """What each run counts as. One that diverged or failed counts as the best constant of each sample, whose gap is
        how much the samples differ, near 0."""
        better, worse = (scored(runs, one.column) for one in self.sides)
        return better - worse

    def of_constant(self, runs: pandas.DataFrame) -> pandas.Series:
        """What the best constant of each sample scores; NaN where the table does not say."""
        better, worse = (runs.get(one.of_constant, pandas.Series(float("nan"), runs.index)) for one in self.sides)
        return better - worse


def _gap(of_test: SplitMetric) -> Gap:
    of_train, metric = of_test.on("train"), of_test.metric
    return Gap(
        metric=replace(
            metric,
            name=f"{metric.name}_gap",
            words=f"generalization gap of {metric.words}",
            higher_is_better=False,
            bounds=(float("-inf"), float("inf")),
        ),
        sides=(of_train, of_test) if metric.higher_is_better else (of_test, of_train),
    )


GAPS = {
    gap.metric.name: gap
    for one in SPLIT_METRICS.values()
    if one.split == "test" and one.plain == one
    for gap in (_gap(one),)
}
"""What a comparison may name beside the metrics of the run table; evaluations are not made on training data."""


def gap_of(column: str) -> str:
    """The name of the gap of a metric: accuracy_gap of test_accuracy, of what is scored over phases, of evaluations."""
    of = SPLIT_METRICS[column]
    of_test = SPLIT_METRICS["test_accuracy"] if of.split == PHASES else of.plain.on("test")
    return next(name for name, gap in GAPS.items() if of_test in gap.sides)


def sides_of(gap: str) -> tuple[str, str]:
    """The run table's columns that a gap is the difference of: it is the first less the second."""
    first, second = GAPS[gap].sides
    return first.column, second.column
