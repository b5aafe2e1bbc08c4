"""Planned powers and numbers of seeds are those of R and of the exact distributions."""

import math

import numpy
import pytest
from scipy import integrate, stats

from analysis.statistics.planning import (
    detectable_effect,
    power,
    power_equivalence,
    sd_upper_limit,
    seeds_needed,
    seeds_needed_equivalence,
)
from tests.oracles import CASES


def test_power_and_sample_size_are_those_of_r():
    case = CASES["power_paired_t"]
    expected, tol = case["expected"]["values"], case["tol"]
    sizes = [
        seeds_needed(2.0, 1, 0.05),
        seeds_needed(1, 1, 0.01),
        seeds_needed(0.8, 1, 0.01),
        seeds_needed(1, 1, 0.01, 0.9),
    ]
    assert sizes == [math.ceil(value) for value in expected[:4]]
    powers = [power(5, 1, 1, 0.05), power(5, 1, 1, 0.01), power(10, 1, 1, 0.01)]
    assert powers == pytest.approx(expected[4:7], rel=tol, abs=tol)
    effects = [detectable_effect(5, 1, 0.01), detectable_effect(5, 1, 0.05), detectable_effect(10, 1, 0.01)]
    assert effects == pytest.approx(expected[7:], rel=tol, abs=tol)


def test_the_upper_limit_of_a_pilot_s_sd_is_that_of_r():
    case = CASES["sd_upper_bound_pilot"]
    given = case["input"]
    found = sd_upper_limit(given["sd"], given["n"], given["one_sided_confidence"])
    assert found == pytest.approx(case["expected"]["sd_upper"], abs=case["tol"])


# sd of the differences: n to detect 1 pp with 80 % at .05, at .01, with 90 % at .01; TOST of 1 pp with 80 %, with 90 %.
# For sd 0.3 the facts' table says 6 at .01; the power of 5 is .947, also by simulation.
PLANS = {
    0.3: (3, 5, 5, 3, 3),
    0.5: (5, 7, 8, 4, 5),
    0.8: (8, 11, 13, 8, 9),
    1.0: (10, 16, 19, 11, 13),
    1.5: (20, 30, 37, 21, 26),
    2.0: (34, 51, 63, 36, 45),
}


@pytest.mark.parametrize("sd", PLANS)
def test_the_planning_table(sd):
    t = [seeds_needed(sd, 1, 0.05), seeds_needed(sd, 1, 0.01), seeds_needed(sd, 1, 0.01, 0.9)]
    equivalence = [seeds_needed_equivalence(sd, 1, power=0.8), seeds_needed_equivalence(sd, 1)]
    assert (*t, *equivalence) == PLANS[sd]


@pytest.mark.parametrize(("n", "expected"), [(5, 0.5274), (8, 0.8725), (10, 0.9533)])
def test_power_of_equivalence(n, expected):
    assert power_equivalence(n, 0.8, 1.0) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize(("n", "sd", "true_effect"), [(5, 0.8, 0.0), (8, 0.8, 0.4), (12, 1.5, 0.0)])
def test_power_of_equivalence_is_its_integral_over_the_sample_variance(n, sd, true_effect):
    df, error = n - 1, sd / n**0.5
    critical = stats.t.isf(0.05, df)

    def density_times_inside(ratio):
        room = 1.0 - critical * error * ratio
        inside = stats.norm.cdf((room - true_effect) / error) - stats.norm.cdf((-room - true_effect) / error)
        return stats.chi.pdf(ratio * df**0.5, df) * df**0.5 * inside

    expected = integrate.quad(density_times_inside, 0, 1.0 / (critical * error))[0]
    assert power_equivalence(n, sd, 1.0, true_effect=true_effect) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("n", [2, 5, 20])
def test_the_detectable_effect_is_detected(n):
    assert power(n, detectable_effect(n, 0.8, 0.01), 0.8, 0.01) == pytest.approx(0.8, abs=1e-6)


@pytest.mark.parametrize(("sd", "alpha"), [(0.6, 0.05), (1.1, 0.01), (1.7, 0.0005)])
def test_the_seeds_needed_are_the_fewest(sd, alpha):
    n = seeds_needed(sd, 1, alpha)
    assert power(n - 1, 1, sd, alpha) < 0.8 <= power(n, 1, sd, alpha)
    n = seeds_needed_equivalence(sd, 1, alpha)
    assert power_equivalence(n - 1, sd, 1, alpha) < 0.9 <= power_equivalence(n, sd, 1, alpha)


def test_power_without_an_effect_is_alpha():
    assert power(8, 0.0, 1.0, 0.05) == pytest.approx(0.05, abs=1e-9)


@pytest.mark.parametrize("sd", [1e-2, 1e-6, 1e-9])
def test_a_tiny_spread_gives_full_power(sd):
    assert power(5, 1, sd, 0.01) == pytest.approx(1.0)
    assert numpy.isfinite(power_equivalence(5, sd, 1))


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: power(5, 1, 0.0, 0.05), "must be > 0"),
        (lambda: power(5, 1, float("nan"), 0.05), "must be > 0"),
        (lambda: seeds_needed(100, 0.01, 0.01), "more than"),
        (lambda: detectable_effect(1, 1.0, 0.05), "at least 2"),
        (lambda: sd_upper_limit(1.0, 1), "at least 2"),
    ],
    ids=["sd of 0", "sd of NaN", "hopeless", "one seed", "sd of one seed"],
)
def test_what_cannot_be_planned_is_refused(call, says):
    with pytest.raises(ValueError, match=says):
        call()
