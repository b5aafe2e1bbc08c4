"""The dead-units probe: known shares, and what a unit is."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from spectra_tune.engine.in_turn.signals import ModuleSignals
from spectra_tune.engine.members.generators import seeded
from spectra_tune.networks import cnn
from spectra_tune.tasks import moons
from tests.laws.kinds import NETWORKS, Images
from tests.tools.probed import drawn, linear, measured, one, perceptron, with_parameters


def test_a_very_negative_bias_kills_every_unit_and_a_very_positive_one_keeps_all_on():
    probed = drawn(perceptron(depth=2), members=2)
    bias = torch.stack([torch.full((12,), -1e6), torch.full((12,), 1e6)])
    readings = measured("dead_units", with_parameters(probed, layer_1__bias=bias))
    assert list(readings) == [
        *("dead_units", "always_on_units"),
        *("dead_units_1", "dead_units_2", "always_on_units_1", "always_on_units_2"),
    ]
    assert list(readings["dead_units_1"].values) == [1.0, 0.0]
    assert list(readings["always_on_units_1"].values) == [0.0, 1.0]
    both = measured("dead_units", with_parameters(probed, layer_1__bias=bias, layer_2__bias=1e3 * bias))
    assert list(both["dead_units"].values) == [1.0, 0.0]
    assert list(both["always_on_units"].values) == [0.0, 1.0]
    assert readings["dead_units"].values[0] == (12 + 12 * readings["dead_units_2"].values[0]) / 24


def test_a_unit_that_one_point_activates_is_neither_dead_nor_always_on():
    probed = drawn(perceptron(width=2, depth=1), members=1, features=2)
    x = torch.full((1000, 2), -1.0)
    x[500] = 1.0
    eye, zero = torch.eye(2)[None], torch.zeros(1, 2)
    readings = measured("dead_units", replace(with_parameters(probed, layer_1__weight=eye, layer_1__bias=zero), x=x))
    assert one(readings["dead_units_1"]) == one(readings["always_on_units_1"]) == 0.0
    readings = measured(
        "dead_units", replace(with_parameters(probed, layer_1__weight=0 * eye, layer_1__bias=zero), x=x)
    )
    assert one(readings["dead_units_1"]) == 1.0  # at exactly 0 a unit is silent


@pytest.mark.parametrize(
    "probed, says",
    [
        (drawn(perceptron(activation="tanh")), "units of tanh are not silent below 0"),
        (drawn(linear(2, 5, 1, activation=True)), "units of leakyrelu are not silent below 0"),
        (drawn(perceptron(), points=999), "1000 or more points, got 999"),
    ],
)
def test_dead_units_are_those_of_relus_on_enough_points(probed, says):
    readings = measured("dead_units", probed)
    assert "dead_units_1" in readings
    assert all(says in str(reason) for reading in readings.values() for reason in reading.reasons)


def test_one_activation_for_two_layers_is_two_layers():
    readings = measured("dead_units", drawn(lambda: NETWORKS["Tied"].build(moons()), members=1))
    assert {"dead_units_1", "dead_units_2"} <= set(readings)


def test_a_unit_of_a_convolution_is_a_channel_at_all_places():
    def build():
        return nn.Sequential(
            nn.Conv1d(1, 4, 1), nn.BatchNorm1d(4, affine=False), nn.ReLU(), nn.Flatten(), nn.Linear(12, 5), nn.ReLU()
        )

    bias = torch.tensor([[-1.0, 0.5, 2.0, -9.0]])  # within an identity of images of -1, 0 and 1
    probed = with_parameters(
        drawn(build, members=1, features=(1, 3), moved=0.0),
        **{"0__weight": torch.ones(1, 4, 1, 1), "0__bias": bias},
        **{"4__weight": torch.zeros(1, 5, 12), "4__bias": torch.tensor([[1.0, 1.0, 1.0, -1.0, -1.0]])},
    )
    x = torch.tensor([-1.0, 0.0, 1.0]).expand(1000, 1, 3)
    readings = measured("dead_units", replace(probed, x=x))
    assert one(readings["dead_units_1"]) == 0.5  # the first is 0 at most
    assert one(readings["always_on_units_1"]) == 0.25  # the second is on at some places
    assert (one(readings["dead_units_2"]), one(readings["always_on_units_2"])) == (0.4, 0.6)
    assert one(readings["dead_units"]) == 4 / 9


def test_a_unit_of_a_sequence_is_a_number_at_all_positions():
    probed = drawn(lambda: nn.Sequential(nn.Linear(1, 3), nn.ReLU(), nn.Flatten(), nn.Linear(6, 1)), members=1)
    weights = {"0__weight": torch.ones(1, 3, 1), "0__bias": torch.tensor([[0.0, 2.0, -2.0]])}
    x = torch.tensor([[-1.0], [1.0]]).expand(1000, 2, 1)
    readings = measured("dead_units", replace(with_parameters(probed, **weights), x=x))
    assert one(readings["dead_units_1"]) == pytest.approx(1 / 3)
    assert one(readings["always_on_units_1"]) == pytest.approx(1 / 3)


def test_the_schedule_and_the_probe_mean_the_same_units():
    task = Images(samples=1000)
    with seeded(1):
        module = cnn(channels=16, depth=1, head=32).build(task)
    with torch.no_grad():
        module.stage[0].conv.bias -= 0.3
        module.head.bias -= 0.2
    x = torch.as_tensor(task.draw("train", 0)[0]).float() / 255
    probed = replace(drawn(lambda: module, members=1, features=(6, 6), moved=0.0), x=x)
    signals = ModuleSignals(module, lambda: x, lambda some: some, lambda: 0.0, list)
    share = one(measured("dead_units", probed)["dead_units"])
    assert 0 < share < 1
    assert signals.dead_share() == pytest.approx(share)
