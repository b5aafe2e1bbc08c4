"""An arm's cost is that of the arm alone, measured in turn with the others."""

import math
from dataclasses import replace

from spectra_tune.design import Arm, Treatment
from spectra_tune.engine import run_block, timing
from spectra_tune.networks import mlp
from spectra_tune.results import COST, unmeasured, with_costs


def test_every_arm_is_timed_alone_and_in_turn(block, monkeypatch):
    turns = []
    seconds = timing._seconds

    def noted(training, epochs, device):
        (arm,) = {member.arm for member in training.members}
        turns.append(arm)
        return seconds(training, epochs, device)

    monkeypatch.setattr(timing, "_seconds", noted)
    timings = timing.time_arms(block, repeats=3)
    names = [name for name, _ in block.arms]
    assert turns == names * 4
    assert list(timings) == names
    assert all(len(of.seconds_per_epoch) == 3 and min(of.seconds_per_epoch) > 0 for of in timings.values())


def test_more_repeats_than_epochs_start_the_arm_anew(block):
    short = replace(block, condition=replace(block.condition, epochs=2))
    assert len(timing.time_arms(short, repeats=5)["none"].seconds_per_epoch) == 5


def test_a_dearer_arm_is_timed_as_dearer(block):
    condition = replace(block.condition, network=mlp(width=128))
    arms = {
        "none": Treatment.none(),
        "small batches": Arm(treatment=Treatment.none(), changes={"batch_size": 2}),
    }
    timings = timing.time_arms(replace(block, condition=condition, arms=arms), repeats=3)
    assert min(timings["small batches"].seconds_per_epoch) > max(timings["none"].seconds_per_epoch)


def test_costs_go_into_the_measured_columns_of_their_arm(block):
    runs = run_block(block)
    assert runs[list(COST)].isna().all(axis=None)
    costs = {name: dict.fromkeys(COST, float(number)) for number, (name, _) in enumerate(block.arms)}
    priced = with_costs(runs, costs)
    assert priced.groupby("arm", sort=False)["seconds_per_epoch"].unique().explode().tolist() == [0.0, 1.0, 2.0]
    assert unmeasured(priced).equals(unmeasured(runs))
    assert not math.isnan(priced["seconds_per_epoch_5"].sum())
