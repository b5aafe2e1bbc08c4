"""A correlation over few points is refused or exact, and always has its interval."""

import itertools
import math

import numpy
import pytest
from scipy import stats

from analysis.statistics.correlation import correlate
from tests.oracles import expected, given, near


def test_anscombes_first_set_agrees_with_r():
    case = "pearson_anscombe1"
    found = correlate(given(case)["x"], given(case)["y"])
    assert found.estimate == near(case, expected(case)["r"])
    assert found.statistic == near(case, expected(case)["t"])
    assert found.p == near(case, expected(case)["p"])
    assert [found.low, found.high] == [near(case, bound) for bound in expected(case)["exact_ci95"]]
    assert (found.status, found.n, found.df) == ("ok", 11, 9)


@pytest.mark.parametrize("n", [2, 3, 4])
def test_fewer_than_five_points_are_refused_in_words_and_without_a_p(n):
    found = correlate(range(n), [3.0, 1.0, 0.5, 0.1][:n])
    assert (found.status, found.p, found.n) == ("refused", None, n)
    assert f"{n} points" in found.reason
    assert -1 <= found.low <= found.estimate <= found.high <= 1


def test_the_plans_three_points_say_next_to_nothing():
    case = "correlation_n3_minus099"
    x = numpy.array([-1.0, 0.0, 1.0])
    noise = numpy.array([1.0, -2.0, 1.0]) / 3**0.5
    y = -0.99 * x + math.sqrt(1 - 0.99**2) * noise  # r is -0.99 exactly
    found = correlate(x, y)
    assert found.estimate == pytest.approx(-0.99)
    assert found.p is None
    assert [found.low, found.high] == [near(case, bound) for bound in expected(case)["exact_ci95"]]


@pytest.mark.parametrize("n", [5, 7])
def test_to_nine_points_all_orders_are_counted(n):
    x, y = numpy.random.default_rng(n).normal(size=(2, n)).round(1)
    found = correlate(x, y)
    r = numpy.corrcoef(x, y)[0, 1]
    orders = [
        abs(numpy.corrcoef(x, y[list(order)])[0, 1]) >= abs(r) - 1e-9 for order in itertools.permutations(range(n))
    ]
    assert found.p == pytest.approx(numpy.mean(orders))
    assert found.status == "few points"


def test_from_ten_points_on_it_is_the_t_test():
    x, y = numpy.random.default_rng(1).normal(size=(2, 30))
    assert correlate(x, y).p == pytest.approx(stats.pearsonr(x, y).pvalue)


@pytest.mark.parametrize("x", [[], [1.0], [2.0] * 8])
def test_what_does_not_vary_has_no_correlation_and_the_widest_interval(x):
    found = correlate(x, numpy.arange(len(x)))
    assert (found.estimate, found.p, found.status) == (None, None, "refused")
    assert (found.low, found.high) == (-1, 1)


def test_a_perfect_line_is_finite_in_every_field():
    for n in (5, 12):
        found = correlate(range(n), [2.0 * value for value in range(n)])
        assert found.estimate == pytest.approx(1)
        assert 0 < found.p < 0.05
        assert all(math.isfinite(value) for value in (found.low, found.high, found.p))


@pytest.mark.parametrize(("x", "y"), [([1, 2, math.nan], [1, 2, 3]), ([1, 2], [1, 2, 3])])
def test_what_cannot_be_paired_is_refused(x, y):
    with pytest.raises(ValueError, match="correlation needs"):
        correlate(x, y)
