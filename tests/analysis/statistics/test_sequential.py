"""The e-process is the ratio that it says it is, and its interval is what it does not reject."""

import numpy
import pytest
from scipy import integrate, stats

from analysis.statistics.sequential import anytime_interval, e_value, t_e_process
from tests.oracles import expected, given, near

CASE = "evalue_t_gaussian_prior"


def test_the_e_values_agree_with_r():
    known, d = expected(CASE), given(CASE)["d"]
    assert t_e_process(d).statistic == near(CASE, known["E_g1"])
    assert t_e_process(d, g=4).statistic == near(CASE, known["E_g4"])
    assert e_value(2.5, 5) == near(CASE, known["E_t2_5_n5"])
    assert e_value(0, 8) == near(CASE, known["E_t0_n8"])
    assert t_e_process(d).p == near(CASE, known["anytime_p_g1"])
    interval = anytime_interval(d)
    assert [interval.low, interval.high] == [near(CASE, bound) for bound in known["anytime_ci95_g1"]]


@pytest.mark.parametrize(("t", "n", "g"), [(0.3, 4, 1), (3.1, 7, 0.5), (-2.0, 12, 2)])
def test_an_e_value_is_the_mean_likelihood_under_the_prior_over_that_of_zero(t, n, g):
    def weighted(effect):
        return stats.nct.pdf(t, n - 1, effect * n**0.5) * stats.norm.pdf(effect, scale=g**0.5)

    mean, _ = integrate.quad(weighted, -4 * g**0.5, 4 * g**0.5, limit=200)
    assert e_value(t, n, g) == pytest.approx(mean / stats.t.pdf(t, n - 1), rel=2e-3)


def test_the_process_has_a_value_for_every_number_of_differences():
    d = given(CASE)["d"]
    found = t_e_process(d)
    assert len(found.e_values) == len(d) - 1
    assert found.e_values[3] == t_e_process(d[:5]).statistic
    assert found.p_running == pytest.approx(1 / max(found.e_values))
    assert found.p_running <= found.p


def test_the_anytime_interval_ends_where_a_mean_is_rejected():
    d = numpy.array(given(CASE)["d"])
    interval = anytime_interval(d, level=0.9)
    for bound in (interval.low, interval.high):
        assert t_e_process(d - bound).statistic == pytest.approx(10)
    assert t_e_process(d).low == anytime_interval(d).low


def test_the_anytime_interval_is_wider_than_the_t_interval():
    d = numpy.random.default_rng(0).normal(size=15)
    interval = anytime_interval(d)
    t_low, t_high = stats.ttest_1samp(d, 0).confidence_interval()
    assert interval.low < t_low < t_high < interval.high


def test_at_two_differences_no_mean_can_be_rejected():
    found = anytime_interval([1.0, 1.1])
    assert (found.low, found.high) == (None, None)
    assert "unbounded" in found.method


def test_equal_differences_are_no_more_evidence_than_as_many_coins():
    assert t_e_process([0.5] * 8).statistic == 2**7
    assert t_e_process([0.0] * 8).statistic == pytest.approx(1 / 3)


@pytest.mark.parametrize(
    "call", [lambda: t_e_process([1.0]), lambda: t_e_process([1, float("nan")]), lambda: e_value(1, 5, 0)]
)
def test_what_has_no_e_value_is_refused(call):
    with pytest.raises(ValueError, match=r"needed|finite|needs"):
        call()
