"""Hidden layers as a module shows them."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from spectra_tune.engine.members.generators import seeded
from spectra_tune.probes import attention_entropy, hidden
from spectra_tune.probes.hidden import with_hidden
from spectra_tune.tasks import moons
from tests.laws.kinds import NETWORKS, task_of, x_of
from tests.tools.probed import drawn, measured, one, perceptron


@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)
def test_showing_hidden_layers_changes_no_bit_of_the_outputs(network):
    with seeded(0):
        module = network.build(task_of(network)).eval()
    x = x_of(task_of(network), 60)
    outputs, shown = with_hidden(module, x)
    assert torch.equal(module(x), outputs)
    if isinstance(module, nn.Sequential):
        layers, below = [], x
        for child in module:
            below = child(below)
            layers += [below] if isinstance(child, (nn.ReLU, nn.Tanh)) else []
        assert len(layers) == len(shown)
        assert all(torch.equal(one.output, other) for one, other in zip(shown, layers, strict=True))


@pytest.mark.parametrize("name", ["dead_units", "attention_entropy"])
def test_points_that_go_through_in_parts_give_what_they_give_at_once(name, monkeypatch):
    probed = drawn(lambda: NETWORKS["Attends"].build(moons()), members=1)
    if name == "dead_units":
        probed = drawn(perceptron(), members=1, moved=0.5)
    once = measured(name, probed)
    monkeypatch.setattr(hidden, "MOST_NUMBERS", 36 * 30)  # parts of thirty points, the last one of ten
    monkeypatch.setattr(attention_entropy, "MOST_CELLS", 30)
    parts = measured(name, replace(probed))
    assert {key: one(of) for key, of in parts.items()} == pytest.approx({key: one(of) for key, of in once.items()})
    assert len(once) > 3


def test_gradients_of_many_activations_are_looked_at_on_the_first_points(monkeypatch):
    probed = drawn(perceptron(), members=1, moved=0.5)
    first = measured("gradient_flow", replace(probed, x=probed.x[:30], target=probed.target[:30]))
    monkeypatch.setattr(hidden, "MOST_NUMBERS", 36 * 30)
    some = measured("gradient_flow", replace(probed))
    assert {key: one(of) for key, of in some.items()} == pytest.approx({key: one(of) for key, of in first.items()})
