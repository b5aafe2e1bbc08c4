"""Choosing the best shows a gain that is not there; confirmations use fresh seeds and equal budgets."""

import numpy
import pytest

from analysis.judging.selection import TuningBudget, best_of_m_bias, check_confirmation, check_equal_budgets
from spectra_tune.design import NotComparable
from tests.oracles import given


def test_the_best_of_twenty_nulls_on_five_seeds_shows_two_thirds_of_a_point():
    assert best_of_m_bias(20, 5, 0.8) == pytest.approx(0.6681, abs=1e-4)
    drawn = numpy.random.default_rng(0).normal(0, 0.8, (20_000, 20, 5)).mean(axis=2).max(axis=1)
    assert best_of_m_bias(20, 5, 0.8) == pytest.approx(drawn.mean(), abs=0.01)


def test_one_configuration_is_not_chosen():
    assert best_of_m_bias(1, 5, 0.8) == pytest.approx(0, abs=1e-9)


def test_seeds_that_selected_confirm_nothing_and_are_named():
    case = given("search_seed_reuse_refused")
    with pytest.raises(NotComparable, match="seeds 3, 4 were used for selection"):
        check_confirmation(case["search_seeds"], case["confirm_seeds"])
    with pytest.raises(NotComparable, match="seed 7 was used"):
        check_confirmation(numpy.array([7]), range(10))
    check_confirmation(range(5), range(5, 10))


def test_unequal_budgets_are_refused_with_both_values():
    fair = TuningBudget(configurations=20, seeds=5, epochs=100)
    check_equal_budgets(fair, TuningBudget(configurations=20, seeds=5, epochs=100))
    with pytest.raises(NotComparable, match="configurations: 20 and 1; epochs: 100 and 50"):
        check_equal_budgets(fair, TuningBudget(configurations=1, seeds=5, epochs=50))


@pytest.mark.parametrize("given", [(0, 5, 1.0), (5, 0, 1.0), (5, 5, -1.0), (5, 5, float("nan"))])
def test_a_bias_of_nothing_is_refused(given):
    with pytest.raises(ValueError, match="best of m needs"):
        best_of_m_bias(*given)
