"""Targets and learning rates that react to signals: known answers, and bits that depend on nothing else."""

import numpy
import pytest
import torch

from spectra_tune.design import Arm, Block, Condition, DistanceToCriticality, InvalidStudy, Treatment
from spectra_tune.engine import BlockTraining, run_block
from spectra_tune.networks import mlp
from spectra_tune.results import unmeasured
from spectra_tune.schedules import REACTIVE
from spectra_tune.schedules.by_signal import (
    OBSERVATIONS,
    RULES,
    Signals,
    dead_units,
    observed_every,
    plateau,
    sensitivity,
)
from spectra_tune.tasks import moons


def moving(schedule):
    return Treatment(schedule=schedule, sigma_start=2.5, sigma_end=1.0, strength=0.1)


FROM_SIGMA = DistanceToCriticality(exponent=0.5, lowest=0.3, highest=3.0)
ARMS = {
    "linear": moving("linear"),
    **{schedule: moving(schedule) for schedule in REACTIVE},
    "rate": Arm(treatment=Treatment.none(), changes={"learning_rate_schedule": FROM_SIGMA}),
}
CONDITION = Condition(task=moons(samples=96), network=mlp(width=8), epochs=120)


def block(arms=None, seeds=(0, 1), condition=CONDITION):
    return Block(condition=condition, arms=arms or ARMS, seeds=seeds)


def observed(rule, *signals):
    state = {}
    for one in signals:
        state = rule(state, one)
    return state["progress"].tolist()


def losses(*values):
    return [Signals(loss_M=numpy.array([value, 1 / (1 + number)])) for number, value in enumerate(values)]


def test_a_plateau_steps_on_after_two_observations_without_three_per_cent():
    assert observed(plateau, *losses(1.0, 0.995)) == [0.0, 0.0]
    assert observed(plateau, *losses(1.0, 0.995, 0.98)) == [0.1, 0.0]
    assert observed(plateau, *losses(1.0, 0.995, 0.96)) == [0.0, 0.0]
    assert observed(plateau, *losses(*[1.0] * 100))[0] == 1.0


def test_dead_units_pull_the_target_back_to_its_start():
    def shares(*values):
        return [Signals(dead_share_M=numpy.array([value])) for value in values]

    assert observed(dead_units, *shares(0.0, 0.0)) == [1.0]
    assert observed(dead_units, *shares(0.5)) == [0.0]
    assert observed(dead_units, *shares(0.0, 0.5)) == pytest.approx([1 - 0.3])
    assert observed(dead_units, *shares(0.9, 0.9)) == [0.0]


def test_a_tenfold_sensitivity_ends_the_way_to_the_target():
    def slopes(*values):
        return [Signals(sensitivity_M=numpy.array([value])) for value in values]

    assert observed(sensitivity, *slopes(2.0)) == [0.0]
    assert observed(sensitivity, *slopes(2.0, 11.0)) == [0.5]
    assert observed(sensitivity, *slopes(2.0, 20.0)) == [1.0]
    assert observed(sensitivity, *slopes(2.0, 1.0)) == [0.0]
    assert numpy.isnan(observed(sensitivity, *slopes(2.0, numpy.nan))[0])


def test_every_reactive_schedule_has_its_rule():
    assert set(RULES) == set(REACTIVE)
    assert observed_every(500) == 500 // OBSERVATIONS
    assert observed_every(7) == 1


def test_a_rate_from_sigma_is_a_bounded_power_of_the_distance():
    assert FROM_SIGMA.factor(1.25) == FROM_SIGMA.factor(0.75) == 2.0
    assert FROM_SIGMA.factor(1.0) == FROM_SIGMA.factor(1.01) == 3.0
    assert FROM_SIGMA.factor(100.0) == 0.3
    assert DistanceToCriticality(exponent=-1.0, lowest=0.1, highest=9.0).factor(1.0) == 0.1


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"exponent": 0.5, "lowest": 2.0, "highest": 1.0}, "lowest must not be above highest, got 2.0 and 1.0"),
        ({"exponent": float("nan"), "lowest": 0.1, "highest": 1.0}, "exponent must be"),
        ({"exponent": 0.5, "lowest": 0.0, "highest": 1.0}, "lowest must be"),
    ],
)
def test_impossible_rates_are_refused(given, says):
    with pytest.raises(InvalidStudy, match=says):
        DistanceToCriticality(**given)


def targets(block):
    training = BlockTraining(block)
    while not training.finished:
        report = training.advance()
    curves = training.curves().merge(report.runs[["signature", "arm"]])
    curves = curves[curves["metric"] == "sigma_target_1"]
    return {arm: rows.sort_values("epoch")["value"].to_numpy() for arm, rows in curves.groupby("arm")}


def test_targets_follow_their_signals():
    by_arm = targets(block(seeds=(0,)))
    assert by_arm["linear"][0] == 2.5
    assert by_arm["linear"][-1] == 1.0
    for schedule in REACTIVE:
        assert len(set(by_arm[schedule])) > 2
        assert by_arm[schedule].min() >= 1.0
        assert by_arm[schedule].max() <= 2.5
    assert by_arm["sensitivity"][0] == 2.5
    assert by_arm["sensitivity"][-1] == 1.0


def test_reacting_bits_depend_neither_on_company_nor_on_reports():
    together = unmeasured(run_block(block(seeds=range(4))))
    for arm in ARMS:
        alone = unmeasured(run_block(block(arms={arm: ARMS[arm]}, seeds=(2,))))
        its_own = together[(together["arm"] == arm) & (together["seed"] == 2)].reset_index(drop=True)
        assert alone.equals(its_own[alone.columns])
    training = BlockTraining(block(seeds=range(4)), report_every=7)
    while not training.finished:
        report = training.advance()
    assert unmeasured(report.runs).equals(together)


@pytest.mark.parametrize("cut", [1, 3, 6])
def test_an_interrupted_reaction_continues_with_equal_bits(tmp_path, cut):
    whole = unmeasured(run_block(block()))
    training = BlockTraining(block())
    for _ in range(cut):
        training.advance()
    training.save(tmp_path / "half.pt")
    again = BlockTraining(block())
    again.load(tmp_path / "half.pt")
    while not again.finished:
        report = again.advance()
    assert unmeasured(report.runs).equals(whole)


def test_a_rate_that_never_changes_is_a_constant_one():
    still = DistanceToCriticality(exponent=0.0, lowest=1.0, highest=1.0)
    arms = {
        "none": Treatment.none(),
        "still": Arm(treatment=Treatment.none(), changes={"learning_rate_schedule": still}),
    }
    runs = run_block(block(arms=arms))
    one, other = (runs[runs["arm"] == arm]["train_loss"].tolist() for arm in ("none", "still"))
    assert one == other
    assert run_block(block(arms={"rate": ARMS["rate"]}))["train_loss"].tolist() != one


def test_units_that_cannot_die_are_refused():
    tanh = Condition(task=moons(samples=64), network=mlp(width=4, activation="tanh"), epochs=3)
    with pytest.raises(InvalidStudy, match="needs a network of rectified units"):
        run_block(block(arms={"dead": moving("dead_units")}, condition=tanh))


def test_a_diverged_member_does_not_disturb_the_others():
    arms = {
        "sensitivity": moving("sensitivity"),
        "diverges": Arm(treatment=moving("sensitivity"), changes={"learning_rate": 1e38}),
    }
    runs = run_block(block(arms=arms, seeds=(0,)))
    assert runs["status"].tolist() == ["ok", "diverged"]
    alone = run_block(block(arms={"sensitivity": arms["sensitivity"]}, seeds=(0,)))
    assert runs["train_loss"][0] == alone["train_loss"][0]


def test_the_global_generators_are_left_alone():
    before = torch.random.get_rng_state()
    run_block(block(seeds=(0,)))
    assert torch.equal(before, torch.random.get_rng_state())
