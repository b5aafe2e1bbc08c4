"""Schedules start and end exactly at their ends, and factors multiply as the plan says."""

import pytest

from spectra_tune.schedules import LEARNING_RATES, SCHEDULES, has_start, progress_at, sigma_target

MOVING = [name for name in SCHEDULES if has_start(name)]


@pytest.mark.parametrize("name", MOVING)
def test_a_moving_schedule_starts_and_ends_exactly(name):
    assert SCHEDULES[name](0.0, 2.5, 1.0) == 2.5
    assert SCHEDULES[name](1.0, 2.5, 1.0) == 1.0


@pytest.mark.parametrize("name", MOVING)
def test_a_moving_schedule_never_leaves_its_ends(name):
    values = [SCHEDULES[name](progress_at(step, 101), 2.5, 1.0) for step in range(101)]
    assert values == sorted(values, reverse=True)
    assert all(1.0 <= value <= 2.5 for value in values)


@pytest.mark.parametrize(
    ("name", "middle"), [("linear", 1.75), ("exponential", 2.5**0.5), ("step", 1.0), ("cosine", 1.75)]
)
def test_the_middle_of_a_schedule(name, middle):
    assert SCHEDULES[name](0.5, 2.5, 1.0) == pytest.approx(middle)


def test_progress_is_exact_at_both_ends():
    assert [progress_at(step, 3) for step in range(3)] == [0.0, 0.5, 1.0]
    assert progress_at(0, 1) == 1.0


def test_capacity_scales_the_start_and_depth_the_whole():
    def target(progress, layer, **factors):
        return sigma_target("linear", progress, layer, sigma_start=2.5, sigma_end=1.0, **factors)

    assert target(0.0, 1, capacity_ratio=4.0, beta=-0.5) == pytest.approx(1.25)
    assert target(1.0, 1, capacity_ratio=4.0, beta=-0.5) == 1.0
    assert target(0.0, 4, depth_exponent=0.5) == pytest.approx(1.25)
    assert sigma_target("static", 0.3, 2, sigma_start=None, sigma_end=3.0, depth_exponent=1.0) == 1.5
    assert target(1.0, 4, depth_exponent=0.5, scale=3.0) == pytest.approx(1.5)


LEARNING_RATES_AT = {  # progress 0, 0.05, 0.1, 0.5 and 1
    "constant": (1, 1, 1, 1, 1),
    "cosine": (1, 0.9938, 0.9755, 0.5, 0),
    "step": (1, 1, 1, 0.1, 0.1),
    "warmup": (0.1, 0.55, 1, 1, 1),
    "warmup_cosine": (0.1, 0.55, 1, 0.5868, 0),
}


@pytest.mark.parametrize("name", LEARNING_RATES)
def test_a_learning_rate_has_its_known_factors(name):
    factors = [LEARNING_RATES[name](progress) for progress in (0.0, 0.05, 0.1, 0.5, 1.0)]
    assert factors == pytest.approx(LEARNING_RATES_AT[name], abs=1e-4)
