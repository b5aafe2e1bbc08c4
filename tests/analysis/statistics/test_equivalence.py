"""Tests against a margin agree with R, and their p and intervals say the same."""

import numpy
import pytest
from scipy import stats

from analysis.statistics.equivalence import non_inferiority, superiority_by_margin, tost
from tests.oracles import CASES


def test_tost_is_that_of_r():
    case = CASES["tost_equivalent_8_seeds"]
    found, expected, tol = tost(case["input"]["d"], 1.0), case["expected"], case["tol"]
    assert found.p == pytest.approx(max(expected["p_lower"], expected["p_upper"]), abs=tol * 1e-3)
    assert found.p == pytest.approx(expected["p"], abs=tol * 1e-3)
    assert found.statistic == pytest.approx(-expected["t_upper"], rel=tol)
    assert [found.low, found.high] == pytest.approx(expected["ci90"], rel=tol, abs=tol)


@pytest.mark.parametrize("seed", range(8))
def test_tost_holds_exactly_where_the_90_percent_interval_lies_within_the_margin(seed):
    d = numpy.random.default_rng(seed).normal(0.3, 0.8, 8)
    found = tost(d, 1.0)
    assert (found.p < 0.05) == (found.low > -1 and found.high < 1)
    assert tost(-d, 1.0).p == pytest.approx(found.p)


@pytest.mark.parametrize("seed", range(8))
def test_superiority_holds_exactly_where_the_lower_bound_reaches_the_margin(seed):
    d = numpy.random.default_rng(seed).normal(1.5, 0.8, 8)
    found = superiority_by_margin(d, 1.0)
    assert (found.p < 0.05) == (found.low > 1)
    assert found.p == pytest.approx(stats.ttest_1samp(d, 1.0, alternative="greater").pvalue)
    assert found.high is None


@pytest.mark.parametrize(("mean", "inside", "beyond"), [(0.0, True, False), (0.5, True, False), (2.0, False, True)])
def test_without_variance_p_is_a_sign_flip_about_the_margin_and_never_zero(mean, inside, beyond):
    assert tost([mean] * 6, 1.0).p == (2**-6 if inside else 1.0)
    assert superiority_by_margin([mean] * 6, 1.0).p == (2**-6 if beyond else 1.0)
    assert (tost([mean] * 6, 1.0).low, tost([mean] * 6, 1.0).high) == (mean, mean)


@pytest.mark.parametrize("test", [tost, superiority_by_margin, non_inferiority])
@pytest.mark.parametrize("margin", [0.0, -1.0, float("nan")])
def test_a_margin_is_positive(test, margin):
    with pytest.raises(ValueError, match="margin must be > 0"):
        test([0.1, 0.2], margin)


@pytest.mark.parametrize("seed", range(5))
def test_not_worse_is_what_a_one_sided_t_test_says(seed):
    d = numpy.random.default_rng(seed).normal(-0.3, 0.8, 9)
    known = stats.ttest_1samp(d, -1.0, alternative="greater")
    found = non_inferiority(d, 1.0)
    assert found.p == pytest.approx(known.pvalue)
    assert found.low == pytest.approx(known.confidence_interval(0.95).low)
    assert (found.p < 0.05) == (found.low > -1.0)


def test_levels_are_those_asked_for():
    d = numpy.random.default_rng(5).normal(size=9)
    assert tost(d, 1.0, level=0.95).low == pytest.approx(stats.ttest_1samp(d, 0).confidence_interval(0.95).low)
    one_sided = stats.ttest_1samp(d, 0, alternative="greater").confidence_interval(0.99).low
    assert superiority_by_margin(d, 1.0, level=0.99).low == pytest.approx(one_sided)


@pytest.mark.parametrize("level", [0.8, 0.99])
def test_non_inferiority_s_bound_has_the_level_asked_for(level):
    d = numpy.random.default_rng(6).normal(size=9)
    known = stats.ttest_1samp(d, 0, alternative="greater").confidence_interval(level).low
    assert non_inferiority(d, 1.0, level).low == pytest.approx(known)
    assert non_inferiority(d, 1.0, level).high is None


@pytest.mark.parametrize(("mean", "not_worse"), [(5.0, True), (0.0, True), (-0.5, True), (-1.0, False), (-2.0, False)])
def test_without_variance_not_worse_is_a_sign_flip_about_the_margin(mean, not_worse):
    assert non_inferiority([mean] * 6, 1.0).p == (2**-6 if not_worse else 1.0)


@pytest.mark.parametrize("test", [tost, superiority_by_margin, non_inferiority])
@pytest.mark.parametrize("d", [[], [1.0], [numpy.nan, 1.0]], ids=repr)
def test_what_has_no_spread_is_not_compared_with_a_margin(test, d):
    with pytest.raises(ValueError, match="differences"):
        test(d, 1.0)
