"""Curves: area, epochs to a threshold, and the ratio of epochs, paired and censored at the budget."""

import math

import numpy
import pytest

from analysis.statistics.curves import area_under_curve, efficiency_ratio, epochs_to_threshold, first_reached, mean_band
from analysis.statistics.significance import paired_t, sign_flip
from tests.oracles import expected, given, near

EPOCHS = [0, 5, 10, 20]
NEVER = [50, 60, 70, 80]


def test_the_area_agrees_with_r():
    case = "learning_curve_auc"
    at, accuracy = given(case)["epoch"], given(case)["acc"]
    assert area_under_curve(at, accuracy) == near(case, expected(case)["auc"])
    assert area_under_curve(at, accuracy, normalised=True) == near(case, expected(case)["auc_normalised"])


def test_many_curves_give_an_area_each():
    flat = numpy.full((3, 4), [[1.0], [2.0], [3.0]])
    assert area_under_curve(EPOCHS, flat, normalised=True).tolist() == [1, 2, 3]


def test_the_first_evaluated_epoch_at_the_threshold_counts():
    curves = [[50, 90, 80, 95], NEVER, [math.nan, 91, math.nan, math.nan]]
    assert numpy.array_equal(first_reached(EPOCHS, curves, 90), [5, math.nan, 5], equal_nan=True)
    assert first_reached(EPOCHS, [[2.0, 1.0, 0.4, 0.3]], 0.5, higher_is_better=False).tolist() == [10]


def test_a_run_that_never_gets_there_counts_as_the_budget():
    treatment = [[50, 90, 91, 92], [50, 60, 90, 92], NEVER, NEVER]
    baseline = [[50, 60, 90, 92], NEVER, [50, 60, 70, 90], NEVER]
    found = epochs_to_threshold(EPOCHS, treatment, baseline, 90)
    assert found.treatment_epochs == (5, 10, 20, 20)
    assert found.baseline_epochs == (10, 20, 20, 20)
    assert (found.censored_treatment, found.censored_baseline, found.both_censored) == (2, 2, 1)
    difference = [-5, -10, 0, 0]
    assert found.estimate == pytest.approx(numpy.mean(difference))
    assert found.p == sign_flip(difference).p
    assert (found.low, found.high) == (paired_t(difference).low, paired_t(difference).high)


def test_an_arm_that_is_twice_as_fast_has_half_the_ratio():
    slow = [[50, 50, 90, 90], [50, 50, 50, 90]] * 4
    fast = [[50, 90, 90, 90], [50, 50, 90, 90]] * 4
    ratio = efficiency_ratio(epochs_to_threshold(EPOCHS, fast, slow, 90))
    assert ratio.estimate == pytest.approx(0.5)
    assert ratio.low <= 0.5 <= ratio.high
    assert ratio.high < 1


def test_one_pair_has_no_interval():
    found = epochs_to_threshold(EPOCHS, [NEVER], [NEVER], 90)
    assert (found.estimate, found.low, found.high, found.p) == (0, None, None, 1.0)


def test_the_band_leaves_diverged_runs_out():
    values = numpy.array([[1.0, 2.0], [3.0, 4.0], [math.nan, 100.0], [2.0, math.nan]])
    mean, low, high = mean_band(values)
    of_first = paired_t([1.0, 3.0, 2.0])
    assert (mean[0], low[0], high[0]) == pytest.approx((of_first.estimate, of_first.low, of_first.high))
    assert mean[1] == pytest.approx(numpy.mean([2, 4, 100]))


@pytest.mark.parametrize(
    ("epoch", "value"), [([0, 5, 5, 9], NEVER), ([0], [1]), (EPOCHS, [1, 2]), (EPOCHS, [1, 2, 3, math.nan])]
)
def test_what_is_no_curve_is_refused(epoch, value):
    with pytest.raises(ValueError, match="a curve"):
        area_under_curve(epoch, value)


def test_curves_that_are_not_paired_are_refused():
    with pytest.raises(ValueError, match="paired"):
        epochs_to_threshold(EPOCHS, [NEVER], [NEVER, NEVER], 90)
