"""The generalization gap: what a network scores on its training data beyond what it scores on test data."""

import pandas

GAPS = ("accuracy_gap", "balanced_accuracy_gap")
"""Metrics that a comparison may name beside those of the run table: train - test, fractions in -1 … 1."""


def gap_of(metric: str) -> str:
    """The gap of a metric's measure: accuracy_gap of test_accuracy."""
    return f"{metric.partition('_')[2]}_gap"


def sides_of(gap: str) -> tuple[str, str]:
    """The run table's columns that a gap is the difference of."""
    measure = gap.removesuffix("_gap")
    return f"train_{measure}", f"test_{measure}"


def with_gap(both: pandas.DataFrame, gap: str) -> pandas.DataFrame:
    """Matched rows of two arms (`<metric>_of_treatment`, …) with a gap, and that of the constant predictor.

    Diverged and failed runs count as the constant: the best one of each sample, so its gap is how much the shares of
    the classes differ between training and test data, near 0.
    """
    train, test = sides_of(gap)
    ends = ("of_treatment", "of_baseline", "of_constant_of_treatment", "of_constant_of_baseline")
    known = [end for end in ends if {f"{train}_{end}", f"{test}_{end}"} <= set(both.columns)]
    return both.assign(**{f"{gap}_{end}": both[f"{train}_{end}"] - both[f"{test}_{end}"] for end in known})
