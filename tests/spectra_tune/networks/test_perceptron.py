"""A perceptron has its architecture's parameters, and its start is torch.nn.Linear's."""

from types import SimpleNamespace

import pytest
import torch

from spectra_tune.design import InvalidStudy
from spectra_tune.engine.members.generators import seeded
from spectra_tune.networks import mlp
from spectra_tune.networks.perceptron import ACTIVATIONS, INITS
from spectra_tune.tasks import moons
from tests.laws.kinds import Images, Surface


def start(network, seed=0, task=None):
    with seeded(seed):
        return dict(network.build(task or moons()).named_parameters())


@pytest.mark.parametrize("width, expected", [(8, 105), (16, 337), (32, 1185), (64, 4417), (128, 17025)])
def test_parameter_counts_are_those_of_the_architecture(width, expected):
    parameters = start(mlp(width=width))
    assert sum(value.numel() for value in parameters.values()) == expected == mlp(width=width).parameter_count(moons())


def test_inputs_are_flattened_and_outputs_the_objectives():
    shapes = {name: tuple(value.shape) for name, value in start(mlp(width=3, depth=1), task=Images()).items()}
    assert shapes == {"layer_1.weight": (3, 36), "layer_1.bias": (3,), "layer_2.weight": (1, 3), "layer_2.bias": (1,)}
    assert start(mlp(width=3), task=Surface(targets=4))["layer_3.weight"].shape == (4, 3)
    assert mlp(width=3, depth=1).parameter_count(Images()) == 3 * 36 + 3 + 3 + 1


def test_the_default_start_is_exactly_torch_nn_linears():
    parameters = start(mlp(width=16, depth=3), seed=7)
    with torch.random.fork_rng():
        torch.manual_seed(7)
        layers = [torch.nn.Linear(*sizes) for sizes in ((2, 16), (16, 16), (16, 16), (16, 1))]
    for number, layer in enumerate(layers, start=1):
        assert torch.equal(parameters[f"layer_{number}.weight"], layer.weight)
        assert torch.equal(parameters[f"layer_{number}.bias"], layer.bias)


def test_he_and_gain_scale_the_weights_only():
    he = start(mlp(width=512, init="he"))["layer_2.weight"]
    assert he.std().item() == pytest.approx((2 / 512) ** 0.5, rel=0.02)
    scaled, plain = start(mlp(width=512, init_gain=3.0)), start(mlp(width=512))
    torch.testing.assert_close(scaled["layer_2.weight"], 3 * plain["layer_2.weight"])
    assert torch.equal(scaled["layer_2.bias"], plain["layer_2.bias"])


@pytest.mark.parametrize("task", [moons(), Images()])
def test_all_singular_values_of_an_orthogonal_start_are_the_gain(task):
    parameters = start(mlp(width=16, init="orthogonal", init_gain=1.5), task=task)
    for layer in (1, 2, 3):
        sigmas = torch.linalg.svdvals(parameters[f"layer_{layer}.weight"].detach())
        torch.testing.assert_close(sigmas, torch.full_like(sigmas, 1.5))
    assert not torch.equal(*(start(mlp(width=16, init="orthogonal"), seed=s)["layer_2.weight"] for s in (0, 1)))


@pytest.mark.parametrize(
    "given, says",
    [
        ({"width": 0}, "width must be a whole number >= 1"),
        ({"width": 8, "depth": 0}, "depth"),
        ({"width": 8, "init": "hee"}, "did you mean 'he'"),
        ({"width": 8, "activation": "relo"}, "did you mean 'relu'"),
        ({"width": 8, "init_gain": 0}, "init_gain"),
    ],
)
def test_an_impossible_network_is_refused(given, says):
    with pytest.raises(InvalidStudy, match=says):
        mlp(**given)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("init", INITS)
def test_every_init_and_activation_is_implemented(init, activation):
    module = mlp(width=4, init=init, activation=activation).build(SimpleNamespace(features=3, classes=3))
    assert module(torch.zeros(2, 3)).shape == (2, 3)
