"""What a module reacts to is what the stacked engine sees in the same network, and layer by layer what it computes."""

import numpy
import pytest
import torch
from torch import nn

from spectra_tune.design import Block, Condition, InvalidStudy, Treatment
from spectra_tune.engine import BlockTraining, run_block
from spectra_tune.engine.in_turn.signals import ModuleSignals
from spectra_tune.networks import mlp, module
from spectra_tune.tasks import moons, spirals
from tests.laws.kinds import InTurn, Norms, Row, Tokens, on


def signals(net, x):
    return ModuleSignals(net, lambda: x, lambda part: part, lambda: 0.0, lambda: [1.0, 3.0])


class Shared(nn.Module):
    """One ReLU for layers of unlike widths."""

    def __init__(self):
        super().__init__()
        self.one, self.other, self.relu = nn.Linear(2, 3, bias=False), nn.Linear(3, 5, bias=False), nn.ReLU()

    def forward(self, x):
        return self.relu(self.other(self.relu(self.one(x)))).sum(dim=1, keepdim=True)


def test_one_relu_for_many_layers_counts_each_layer():
    net = Shared()
    with torch.no_grad():
        net.one.weight.copy_(torch.tensor([[1.0, 0.0], [1.0, 0.0], [-1.0, 0.0]]))
        net.other.weight.copy_(torch.tensor([[1.0] * 3] * 2 + [[-1.0] * 3] * 3))
    x = torch.rand(3000, 2) + 0.1  # more than one tile
    assert signals(net, x).dead_share() == pytest.approx([(1 + 3) / 8])
    assert not net._forward_hooks
    assert not net._forward_pre_hooks


@pytest.mark.parametrize("task", [moons(samples=70), spirals(samples=70, classes=3)], ids=str)
@pytest.mark.parametrize("signal", ["loss", "dead_share", "sensitivity", "spectral_norm"])
def test_a_module_is_observed_like_the_stacked_network(task, signal):
    found = []
    for network in (mlp(width=8), InTurn(of=mlp(width=8))):
        condition = Condition(task=task, network=network, epochs=20)
        training = BlockTraining(
            Block(condition=condition, arms={"none": Treatment.none()}, seeds=[3]), dtype=torch.float64
        )
        training.train_only(10)
        (trainer,) = training._trainers
        observed = trainer._signals if network == mlp(width=8) else trainer._each[0]._signals
        found.append(getattr(observed, signal)())
    numpy.testing.assert_allclose(*found, rtol=0.3 if signal == "sensitivity" else 1e-5)  # along other directions
    assert found[0].shape == (1,)


@pytest.mark.parametrize(
    ("schedule", "network", "task", "says"),
    [
        ("dead_units", mlp(width=4, activation="tanh"), moons(samples=40), "needs a network of rectified units"),
        ("dead_units", module(Row, hidden=4), moons(samples=40), "needs a network of rectified units"),
        ("sensitivity", on(Tokens(), None), Tokens(), "needs inputs that are numbers, got tokens"),
    ],
)
def test_what_cannot_be_observed_is_refused(schedule, network, task, says):
    moving = Treatment(schedule=schedule, sigma_start=2.0, sigma_end=1.0, strength=0.1)
    with pytest.raises(InvalidStudy, match=says):
        run_block(Block(condition=Condition(task=task, network=network, epochs=3), arms={"moved": moving}, seeds=[0]))


def test_observing_leaves_no_trace_on_batch_statistics():
    """Nor on the mode that the module is in."""
    net = Norms(2, 1, 4)
    before = {name: value.clone() for name, value in net.state_dict().items()}
    observed = signals(net, torch.rand(50, 2))
    observed.dead_share()
    observed.sensitivity()
    assert net.training
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())
