"""Facts about the plan's networks that anybody may check: parameter counts, where sigma ends, linear against static."""

import pytest

from spectra_tune.design import Block, Condition, Treatment
from spectra_tune.engine import BlockTraining, parameter_count, run_block
from spectra_tune.networks import mlp
from spectra_tune.tasks import moons


@pytest.mark.parametrize(("width", "count"), [(8, 105), (16, 337), (32, 1185), (64, 4417), (128, 17025)])
def test_parameters_of_two_hidden_layers(width, count):
    assert parameter_count(mlp(width=width), moons()) == count


@pytest.mark.parametrize("target", [1.0, 2.0])
@pytest.mark.parametrize("width", [8, 16, 32, 64])
def test_sigma_ends_within_ten_per_cent_of_its_target_at_strength_one(width, target):
    """Over the last 20 epochs: where it swings about its target, its place at the very last step is rounding's."""
    condition = Condition(task=moons(), network=mlp(width=width), epochs=100, learning_rate=0.01)
    held = Treatment(schedule="static", sigma_end=target, strength=1.0)
    training = BlockTraining(Block(condition=condition, arms={"held": held}, seeds=range(8)))
    while not training.finished:
        training.advance()
    curves = training.curves()
    last = curves[curves["epoch"] > 80].groupby(["metric", "signature"])["value"].mean()
    for layer in (1, 2):
        assert len(last[f"sigma_{layer}"]) == 8
        assert last[f"sigma_{layer}"].to_numpy() == pytest.approx(target, rel=0.1)


@pytest.mark.parametrize("data_seed", [42, None])
def test_linear_against_static_on_training_accuracy_under_the_plans_protocol(data_seed):
    condition = Condition(task=moons(data_seed=data_seed), network=mlp(width=16), epochs=50, learning_rate=0.01)
    arms = {
        "static": Treatment(schedule="static", sigma_end=1.0, strength=0.1),
        "linear": Treatment(schedule="linear", sigma_start=2.5, sigma_end=1.0, strength=0.1),
    }
    runs = run_block(Block(condition=condition, arms=arms, seeds=range(40)))
    static, linear = (100 * runs.loc[runs["arm"] == arm, "train_accuracy"].mean() for arm in ("static", "linear"))
    assert 1.0 <= linear - static <= 3.0
