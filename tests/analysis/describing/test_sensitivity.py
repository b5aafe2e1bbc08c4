"""Sensitivity: known answers, laws, and what cannot be answered."""

import itertools

import numpy
import pytest

from analysis.describing.sensitivity import (
    expected_best,
    expected_best_without,
    importances,
    share_near_best,
    tunability,
)

OUTCOMES = numpy.random.default_rng(4).normal(90, 2, 9)


@pytest.mark.parametrize("k", [1, 2, 3, 5])
def test_the_expected_best_is_the_mean_over_all_draws(k):
    with_replacement = numpy.mean([max(drawn) for drawn in itertools.product(OUTCOMES, repeat=min(k, 4))])
    without = numpy.mean([max(drawn) for drawn in itertools.combinations(OUTCOMES, k)])
    assert expected_best(OUTCOMES)[min(k, 4) - 1] == pytest.approx(with_replacement)
    assert expected_best_without(OUTCOMES)[k - 1] == pytest.approx(without)


def test_the_curve_rises_to_the_best_and_lies_in_its_band():
    curve = tunability(OUTCOMES, seed=1)
    assert list(curve.best) == sorted(curve.best)
    assert curve.best[-1] == pytest.approx(OUTCOMES.max())
    assert curve.best[0] == pytest.approx(OUTCOMES.mean())
    assert all(low <= high for low, high in zip(curve.low, curve.high, strict=True))
    assert curve.low[0] < curve.best[0] < curve.high[0]
    assert tunability(OUTCOMES, seed=1) == curve != tunability(OUTCOMES, seed=2)


def test_bands_cover_the_expected_best_of_new_draws(simulations):
    """Of standard normal outcomes the expected best of 4 is 1.029; a percentile bootstrap of 40 covers it in 85 %."""
    generator, covered, studies = numpy.random.default_rng(0), 0, simulations(300)
    for at in range(studies):
        curve = tunability(generator.normal(size=40), seed=at)
        covered += curve.low[3] <= 1.0294 <= curve.high[3]
    assert covered / studies > 0.72


def test_a_share_has_its_exact_interval():
    found = share_near_best([90, 89.5, 89, 80], within=1.0)
    assert found.estimate == 0.75
    assert (found.low, found.high) == pytest.approx((0.194, 0.994), abs=0.001)


def test_the_factor_that_matters_is_found():
    generator = numpy.random.default_rng(2)
    values = [
        {
            "strength": float(10 ** generator.uniform(-4, 0)),
            "sigma_end": float(generator.uniform(0.5, 4)),
            "one_sided": at % 2,
        }
        for at in range(40)
    ]
    values = [{**one, "one_sided": bool(one["one_sided"])} for one in values]
    found = importances(values, [5 * one["sigma_end"] + generator.normal() * 0.1 for one in values])
    assert next(iter(found)) == "sigma_end"
    assert found["sigma_end"].estimate > 0.8
    assert sum(one.estimate for one in found.values()) == pytest.approx(1)
    for one in found.values():
        assert 0 <= one.low <= one.estimate <= one.high <= 1
    assert importances(values, [1.0] * 40)["strength"].estimate == 0


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: tunability([1.0]), "at least 2"),
        (lambda: tunability([1.0, numpy.nan]), "finite"),
        (lambda: share_near_best([], 1.0), "needs outcomes"),
        (lambda: share_near_best([1.0], -1.0), "distance >= 0"),
        (lambda: importances([{"a": 1.0}] * 3, [1, 2, 3]), "at least 10"),
        (lambda: importances([{"a": 1.0}] * 12, [1, 2, 3]), "outcome each"),
    ],
)
def test_what_cannot_be_answered_is_refused(call, says):
    with pytest.raises(ValueError, match=says):
        call()
