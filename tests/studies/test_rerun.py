"""A run that is trained again is compared in every column that is not measured."""

import pandas
import pytest

from studies.command.rerun import differences

RUNS = pandas.DataFrame(
    {"seed": [0, 1], "arm": "none", "test_accuracy": [0.5, 0.75], "sigma_1": [1.0, float("nan")], "seconds": [1.0, 2.0]}
)


def test_order_and_time_are_no_difference():
    assert differences(RUNS, RUNS.iloc[::-1].assign(seconds=9.0)) == []


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"test_accuracy": [0.5, 0.75 + 2e-16]}, ["test_accuracy"]),
        ({"sigma_1": 1.0}, ["sigma_1"]),
        ({"extra": 1}, ["extra"]),
    ],
)
def test_every_other_difference_is_named(changes, named):
    assert differences(RUNS, RUNS.assign(**changes)) == named
    assert differences(RUNS.assign(**changes), RUNS) == named


def test_a_lost_run_is_a_difference():
    assert "seed" in differences(RUNS, RUNS.iloc[:1])


def test_what_runs_of_another_arm_have_is_no_difference():
    among_others = RUNS.assign(knot_1=float("nan"), regularized=pandas.Series([None, None], dtype=object))
    assert differences(among_others, RUNS.assign(regularized=float("nan"))) == []
    assert differences(among_others, RUNS.assign(knot_1=1.0)) == ["knot_1"]
