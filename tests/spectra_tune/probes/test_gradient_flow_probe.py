"""The gradient-flow probe: theory, autograd, and gradients that are not there."""

from dataclasses import replace

import numpy
import pytest
import torch
from torch import nn

from spectra_tune import objectives
from spectra_tune.networks import gcn, transformer
from spectra_tune.objectives import objective_of
from spectra_tune.probes.hidden import SHOWS_NONE, with_hidden
from tests.laws.kinds import Counting, Ring
from tests.tools.probed import drawn, linear, measured, one, perceptron, with_parameters


@pytest.mark.parametrize("gain", [1.0, 2**0.5, 2.0])
def test_the_gradients_square_changes_by_half_the_gains_square_per_layer(gain):
    network = perceptron(features=8, width=512, depth=4, init="he", init_gain=gain / 2**0.5)
    readings = measured("gradient_flow", drawn(network, members=4, features=8, points=200, moved=0.0))
    assert list(readings) == [*(f"gradient_flow_{layer}" for layer in (1, 2, 3)), "gradient_flow_slope"]
    squares = numpy.stack([readings[f"gradient_flow_{layer}"].values ** 2 for layer in (1, 2, 3)])
    steps = numpy.concatenate([squares[:-1] / squares[1:], squares[-1:]])
    assert steps.mean() == pytest.approx(gain**2 / 2, rel=0.04)
    slopes = readings["gradient_flow_slope"].values
    assert slopes.mean() == pytest.approx(-numpy.log(gain**2 / 2) / 2, abs=0.03)


@pytest.mark.parametrize("classes", [2, 3])
def test_gradient_flow_is_that_of_the_trained_loss(classes):
    network = perceptron(depth=3, classes=classes)
    probed = drawn(network, members=1, classes=classes)
    module = probed.member(0)
    logits, hidden = with_hidden(module, probed.points)
    probability = torch.softmax(torch.cat((0 * logits, logits), dim=1) if classes == 2 else logits, dim=1)
    error = probability - torch.nn.functional.one_hot(probed.target, classes)
    error = error[:, 1:] if classes == 2 else error
    sizes = []
    for layer in (4, 3, 2):
        error = error @ module.get_parameter(f"layer_{layer}.weight")
        sizes.append(error.norm())
        error = error * (hidden[layer - 2].output > 0)
    readings = measured("gradient_flow", probed)
    assert one(readings["gradient_flow_2"]) == pytest.approx((sizes[1] / sizes[0]).item(), rel=1e-10)
    assert one(readings["gradient_flow_1"]) == pytest.approx((sizes[2] / sizes[0]).item(), rel=1e-10)
    assert one(readings["gradient_flow_slope"]) == pytest.approx((sizes[0] / sizes[2]).log().item() / 2, rel=1e-10)


def test_gradients_that_are_not_there_have_a_reason():
    probed = drawn(perceptron(), members=1)
    cut = measured("gradient_flow", with_parameters(probed, layer_2__weight=torch.zeros(1, 12, 12)))
    assert one(cut["gradient_flow_1"]) == 0.0 < one(cut["gradient_flow_2"])
    assert "reaches hidden layer 1" in cut["gradient_flow_slope"].reasons[0]
    silent = measured("gradient_flow", with_parameters(probed, layer_4__weight=torch.zeros(1, 1, 12)))
    assert all("exactly zero at the last hidden layer" in reading.reasons[0] for reading in silent.values())
    shallow = measured("gradient_flow", drawn(perceptron(depth=1), members=1))
    assert shallow["gradient_flow_slope"].reasons == ("a flow needs 2 hidden layers, the network has one",)

    class Apart(nn.Module):
        """Its hidden layers lead nowhere, or the gradient ends in them."""

        def __init__(self, detached):
            super().__init__()
            self.one, self.other, self.relu, self.detached = nn.Linear(2, 5), nn.Linear(5, 1), nn.ReLU(), detached

        def forward(self, x):
            hidden = self.relu(self.relu(self.one(x).detach() if self.detached else self.one(x)))
            return self.other(hidden if self.detached else torch.sin(self.one(x)))

    for detached in (True, False):
        readings = measured("gradient_flow", drawn(lambda detached=detached: Apart(detached), members=1))
        assert all("outputs must be computed from" in reading.reasons[0] for reading in readings.values())


@pytest.mark.parametrize("name", ["dead_units", "gradient_flow"])
def test_a_network_without_hidden_layers_has_a_reason(name):
    readings = measured(name, drawn(linear(2, 1)))
    assert all(reading.reasons == (SHOWS_NONE,) * 3 for reading in readings.values())


def test_gradients_through_layers_of_different_widths_are_norms_not_means():
    probed = drawn(linear(2, 5, 3, 1, activation=True), members=1)
    w2, w3 = (probed.states[0][f"{name}.weight"].double() for name in ("w2", "w3"))
    readings = measured("gradient_flow", probed)
    assert one(readings["gradient_flow_1"]) == pytest.approx(((w3 @ w2).norm() / w3.norm()).item(), rel=1e-12)


def test_gradients_whose_squares_vanish_in_double_precision_are_measured():
    probed = drawn(linear(2, 5, 3, 1, activation=True), members=1)
    w2, w3 = (probed.states[0][f"{name}.weight"].double() for name in ("w2", "w3"))
    readings = measured("gradient_flow", with_parameters(probed, w3__weight=w3[None] * 1e-200))
    assert one(readings["gradient_flow_1"]) == pytest.approx(((w3 @ w2).norm() / w3.norm()).item(), rel=1e-12)


def test_gradients_of_networks_of_tokens_and_of_graphs_flow_too():
    for network, task in ((transformer(width=8, depth=3), Counting()), (gcn(width=8, depth=3), Ring())):
        probed = drawn(lambda network=network, task=task: network.build(task), members=2)
        x, y = (torch.as_tensor(of) for of in task.draw("train", 0))
        probed = replace(probed, x=x, target=y, objective=objective_of(task))
        readings = measured("gradient_flow", probed)
        assert list(readings) == ["gradient_flow_1", "gradient_flow_2", "gradient_flow_slope"]
        assert all(numpy.isfinite(reading.values).all() for reading in readings.values())
        module = probed.member(0)
        assert not any(value.requires_grad for value in module.parameters())
        outputs, hidden = with_hidden(module.requires_grad_(), x)
        loss = objectives.implement(objective_of(task)).loss(outputs, y)
        sizes = [of.norm() for of in torch.autograd.grad(loss, [of.output for of in hidden])]
        for layer in (1, 2):
            expected = float(sizes[layer - 1] / sizes[2])
            assert readings[f"gradient_flow_{layer}"].values[0] == pytest.approx(expected, rel=1e-8)
