"""Units are a metric's own, and where lower values are better a gain says so."""

import pytest

from analysis.figures.units import behind, named, of_differences, of_gain, of_values
from spectra_tune.design import SPLIT_METRICS

ACCURACY, LOSS, MSE = (SPLIT_METRICS[name] for name in ("test_accuracy", "test_loss", "test_mse"))


@pytest.mark.parametrize(
    ("measured", "value", "spread", "gain", "in_full", "number"),
    [
        (ACCURACY, "baseline, %", "sd, pp", "difference, pp", "difference, percentage points", " pp"),
        (
            *(LOSS, "baseline, nats", "sd, nats", "gain, nats (lower values are better)"),
            *("gain, nats (lower values are better)", " nats"),
        ),
        (MSE, "baseline", "sd", "gain (lower values are better)", "gain (lower values are better)", ""),
    ],
)
def test_a_unit_stands_behind_what_it_is_of(measured, value, spread, gain, in_full, number):
    metric = measured.metric
    assert of_values("baseline", metric) == value
    assert of_differences("sd", metric) == spread
    assert of_gain(metric) == gain
    assert of_gain(metric, in_full=True) == in_full
    assert behind(metric) == number


def test_a_metric_is_named_with_its_data():
    assert named(ACCURACY) == "test accuracy"
    assert named(ACCURACY.on("validation")) == "validation accuracy"
