"""Tasks count once each, and a trend with capacity is that of the seeds' slopes."""

import numpy
import pytest
from scipy import stats

from analysis.statistics.pooling import across_tasks, hartung_knapp, interaction_with_capacity
from tests.oracles import expected, given, near

META = "random_effects_meta_study4"


def tasks(sizes, seed=0):
    generator = numpy.random.default_rng(seed)
    return {f"task {at}": generator.normal(at, 1, n) for at, n in enumerate(sizes)}


def test_hartung_and_knapp_agree_with_metafor():
    found, known = hartung_knapp(given(META)["yi"], given(META)["vi"]), expected(META)
    assert found.estimate == near(META, known["PM_HK"]["est"])
    assert [found.low, found.high] == [near(META, bound) for bound in known["PM_HK"]["ci"]]
    assert found.tau**2 == near(META, known["PM_HK"]["tau2"])
    assert found.q == near(META, known["FE"]["Q"])
    assert found.i_squared == near(META, known["FE"]["I2"])
    # metafor's prediction interval is known for REML's tau, which is close
    assert found.prediction_low == pytest.approx(known["REML_HK"]["pi"][0], abs=0.02)
    assert found.prediction_high == pytest.approx(known["REML_HK"]["pi"][1], abs=0.02)


def test_with_equal_seeds_it_is_the_t_test_of_the_tasks_means():
    given = tasks([8, 8, 8, 8])
    found = across_tasks(given)
    means = [d.mean() for d in given.values()]
    known = stats.ttest_1samp(means, 0)
    assert (found.estimate, found.p, found.n) == (pytest.approx(numpy.mean(means)), pytest.approx(known.pvalue), 4)
    assert (found.low, found.high) == pytest.approx(tuple(known.confidence_interval()))
    assert found.prediction_low < found.low < found.high < found.prediction_high


def test_with_unequal_seeds_it_is_random_effects():
    given = tasks([5, 8, 12, 6, 9])
    found = across_tasks(given)
    known = hartung_knapp([d.mean() for d in given.values()], [d.var(ddof=1) / len(d) for d in given.values()])
    assert found == known
    assert "Hartung" in found.method


def test_pooling_seeds_as_if_independent_would_claim_too_much():
    given = tasks([8, 8, 8, 8], seed=3)
    naive = stats.ttest_1samp(numpy.concatenate(list(given.values())), 0).pvalue
    assert across_tasks(given).p > 10 * naive


@pytest.mark.parametrize(
    ("k", "suffix"), [(2, "(2 tasks; no general claim)"), (4, "(4 tasks; no general claim)"), (5, "(5 tasks)")]
)
def test_fewer_than_five_tasks_carry_no_general_claim(k, suffix):
    assert across_tasks(tasks([6] * k)).suffix == suffix


def test_two_tasks_have_no_prediction_interval():
    found = across_tasks(tasks([6, 6]))
    assert (found.prediction_low, found.prediction_high) == (None, None)


def test_tasks_that_agree_exactly_have_no_spread_between_them():
    found = across_tasks({"a": [1.0, 2.0, 3.0], "b": [1.0, 2.0, 3.0], "c": [1.0, 2.0, 3.0]})
    assert (found.estimate, found.tau, found.i_squared) == (2, 0, 0)


def test_tasks_without_spread_are_pooled_by_their_means():
    found = across_tasks({"a": [1.0, 1.0], "b": [2.0, 2.0, 2.0], "c": [1.5, 1.5]})
    assert found.estimate == pytest.approx(1.5)
    assert found.tau is None


@pytest.mark.parametrize("given", [{}, {"a": [1, 2]}, {"a": [1, 2], "b": [1]}, {"a": [1, 2], "b": [1, float("nan")]}])
def test_what_cannot_be_pooled_is_refused(given):
    with pytest.raises(ValueError, match=r"at least|finite"):
        across_tasks(given)


def test_the_trend_is_the_mean_of_the_seeds_slopes():
    d = numpy.random.default_rng(1).normal(size=(12, 4)) + numpy.arange(4)
    found = interaction_with_capacity(d, [8, 16, 32, 64])
    slopes = numpy.polyfit([3, 4, 5, 6], d.T, 1)[0]
    known = stats.ttest_1samp(slopes, 0)
    assert found.estimate == pytest.approx(slopes.mean())
    assert found.p == pytest.approx(known.pvalue)
    assert (found.low, found.high) == pytest.approx(tuple(known.confidence_interval()))
    assert (found.n, found.df) == (12, 11)


def test_at_three_capacities_lack_of_fit_is_the_t_test_of_the_middle():
    d = numpy.random.default_rng(2).normal(size=(10, 3))
    found = interaction_with_capacity(d, [8, 16, 32])
    known = stats.ttest_1samp(d @ [1, -2, 1], 0)
    assert found.lack_of_fit == pytest.approx(known.statistic**2)
    assert found.lack_of_fit_p == pytest.approx(known.pvalue)


def test_a_bend_is_a_lack_of_fit_and_no_trend():
    d = numpy.random.default_rng(3).normal((0, 1, 1, 0), 0.1, (10, 4))
    found = interaction_with_capacity(d, [8, 16, 32, 64])
    assert found.lack_of_fit_p < 1e-6
    assert found.p > 0.05


def test_two_capacities_or_few_seeds_leave_no_lack_of_fit():
    assert interaction_with_capacity([[1.0, 2.0], [1.1, 2.3]], [8, 16]).lack_of_fit is None
    assert interaction_with_capacity([[1.0, 2.0, 2.5, 3.0], [1.1, 2.3, 2.4, 3.1]], [8, 16, 32, 64]).lack_of_fit is None


@pytest.mark.parametrize(
    ("d", "widths"),
    [([[1.0, 2.0]], [8, 16]), ([[1.0], [2.0]], [8]), ([[1.0, 2.0]] * 3, [8, 8]), ([[1.0, float("nan")]] * 3, [8, 16])],
)
def test_what_has_no_trend_is_refused(d, widths):
    with pytest.raises(ValueError, match=r"differences must be|an interaction needs"):
        interaction_with_capacity(d, widths)
