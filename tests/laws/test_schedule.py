"""Schedules start and end exactly at their ends, and factors multiply as the plan says."""

import numpy
import pandas
import pytest

from spectra_tune.design import Block, Condition, InvalidStudy, Treatment
from spectra_tune.engine import train
from spectra_tune.networks import mlp
from spectra_tune.schedules import LEARNING_RATES, SCHEDULES, has_knots, has_start, progress_at, sigma_target
from spectra_tune.tasks import moons
from tests.laws.kinds import InTurn

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


OF_KNOTS = [name for name in SCHEDULES if has_knots(name)]
FOUR = (2.5, 0.7, 3.1, 1.3)


def test_every_schedule_goes_by_a_start_by_knots_or_by_its_end_alone():
    assert set(SCHEDULES) == {"static", *MOVING, *OF_KNOTS}
    assert OF_KNOTS


@pytest.mark.parametrize("knots", [FOUR, (*FOUR, 0.1, 0.3, 0.7, 1.9)], ids=len)
@pytest.mark.parametrize("name", OF_KNOTS)
def test_a_schedule_of_knots_is_exactly_at_each_of_them(name, knots):
    between = len(knots) - 1
    found = [SCHEDULES[name](progress_at(5 * at, 5 * between + 1), knots) for at in range(between + 1)]
    assert found == pytest.approx(knots, rel=1e-12)
    assert (found[0], found[-1]) == (knots[0], knots[-1])


@pytest.mark.parametrize("name", OF_KNOTS)
def test_a_schedule_of_knots_is_straight_between_them(name):
    steps = [progress_at(step, 301) for step in range(301)]
    values = [SCHEDULES[name](progress, FOUR) for progress in steps]
    assert values == pytest.approx(numpy.interp(steps, numpy.linspace(0, 1, 4), FOUR), rel=1e-12)
    assert {SCHEDULES[name](progress, [0.3] * 5) for progress in steps} == {0.3}


def test_depth_and_scale_multiply_a_knot_too():
    given = {"sigma_start": None, "sigma_end": None, "knots": FOUR}
    assert sigma_target("knots", 1 / 3, 4, depth_exponent=0.5, scale=3.0, **given) == pytest.approx(0.7 * 1.5)


KNOTTED = {"strength": 0.1, "schedule": "knots", "knots": FOUR}


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"knots": None}, "goes from knot to knot: knots must be given, got none"),
        ({"knots": FOUR[:3]}, "knots must be 4 to 8 targets, got 3"),
        ({"knots": FOUR * 3}, "knots must be 4 to 8 targets, got 12"),
        ({"knots": (*FOUR, 0)}, "each of knots must be a finite number > 0, got 0"),
        ({"knots": 1.0}, "knots must be a list or range"),
        ({"sigma_end": 1.0}, "leave sigma_end away, got 1.0"),
        ({"sigma_start": 2.0}, "leave sigma_start away, got 2.0"),
        ({"beta": 0.5}, "leave beta away, got 0.5"),
        ({"schedule": "static", "sigma_end": 1.0}, "'static' has no knots: leave knots away"),
    ],
)
def test_what_is_no_schedule_of_knots_is_refused_in_one_line(given, says):
    with pytest.raises(InvalidStudy, match=says) as refused:
        Treatment(**KNOTTED | given)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("network", [mlp(width=8), InTurn(of=mlp(width=8))], ids=["stacked", "in turn"])
def test_a_training_follows_its_knots_and_its_table_has_them(network):
    condition = Condition(task=moons(samples=40), network=network, epochs=7)
    arms = {"none": Treatment.none(), "knots": Treatment(**KNOTTED)}
    reports = list(train(Block(condition=condition, arms=arms, seeds=[0], reports=7)))
    runs, curves = reports[-1].runs.set_index("arm"), pandas.concat([report.curves for report in reports])
    mine = curves[curves["signature"] == runs.loc["knots", "signature"]]
    targets = mine[(mine["metric"] == "sigma_target_1") & (mine["epoch"] > 0)].sort_values("epoch")["value"]
    assert list(targets) == pytest.approx([2.5, 1.6, 0.7, 1.9, 3.1, 2.2, 1.3], rel=1e-6)
    assert list(runs.loc["knots", ["knot_1", "knot_2", "knot_3", "knot_4"]]) == list(FOUR)
    assert runs.loc["none", "knot_1":"knot_4"].isna().all()
    assert "knot_5" not in runs


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
