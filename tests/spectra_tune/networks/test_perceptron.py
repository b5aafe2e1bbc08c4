"""A network's closed-form backward pass is autograd's, and its start is torch.nn.Linear's."""

import pytest
import torch

from spectra_tune.design import InvalidStudy
from spectra_tune.engine.stacked.scores import to_error_
from spectra_tune.networks import ACTIVATIONS, INITS, mlp, outputs_for


@pytest.mark.parametrize("width, expected", [(8, 105), (16, 337), (32, 1185), (64, 4417), (128, 17025)])
def test_parameter_counts_are_those_of_the_architecture(width, expected):
    parameters = mlp(width=width).implement(2, 1).init(torch.Generator())
    assert sum(value.numel() for value in parameters.values()) == expected == mlp(width=width).parameters(2, 1)


def test_the_default_start_is_exactly_torch_nn_linears():
    parameters = mlp(width=16, depth=3).implement(2, 1).init(torch.Generator().manual_seed(7))
    with torch.random.fork_rng():
        torch.manual_seed(7)
        layers = [torch.nn.Linear(*sizes) for sizes in ((2, 16), (16, 16), (16, 16), (16, 1))]
    for number, layer in enumerate(layers, start=1):
        assert torch.equal(parameters[f"weight_{number}"], layer.weight)
        assert torch.equal(parameters[f"bias_{number}"], layer.bias)


def test_he_and_gain_scale_the_weights_only():
    def spread(**given):
        return mlp(width=512, **given).implement(2, 1).init(torch.Generator().manual_seed(0))

    assert spread(init="he")["weight_2"].std().item() == pytest.approx((2 / 512) ** 0.5, rel=0.02)
    torch.testing.assert_close(spread(init_gain=3.0)["weight_2"], 3 * spread()["weight_2"])
    assert torch.equal(spread(init_gain=3.0)["bias_2"], spread()["bias_2"])


@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("depth", [1, 2, 4])
def test_the_closed_form_backward_is_autograds(depth, activation, classes):
    network = mlp(width=9, depth=depth, activation=activation).implement(3, outputs_for(classes))
    generator = torch.Generator().manual_seed(0)
    members = [network.init(generator) for _ in range(5)]
    parameters = {name: torch.stack([one[name] for one in members]).double() for name in members[0]}
    x = torch.randn(5, 3, 20, generator=generator, dtype=torch.float64)
    y = torch.randint(classes, (5, 20), generator=generator)
    weight = torch.rand(20, generator=generator, dtype=torch.float64)

    def joined(named):
        return named | {"weight_1+bias_1": torch.cat((named["weight_1"], named["bias_1"].unsqueeze(2)), dim=2)}

    def nan(*shape):
        return torch.full(shape, torch.nan, dtype=torch.float64)

    gradients = joined({name: nan(*value.shape) for name, value in parameters.items()})
    ones = torch.ones(5, 1, 20, dtype=torch.float64)
    passes = network.stacked(joined(parameters), torch.cat((x, ones), dim=1), nan, gradients)
    passes.forward()
    stacked_logits = passes.logits_MON.clone()
    to_error_(passes.logits_MON, y if classes > 2 else y.double(), weight)
    passes.backward()
    first = gradients["weight_1+bias_1"]
    gradients |= {"weight_1": first[:, :, :-1], "bias_1": first[:, :, -1]}

    leaves = {name: value.clone().requires_grad_() for name, value in parameters.items()}
    logits = torch.stack([network.forward({name: leaf[m] for name, leaf in leaves.items()}, x[m].T) for m in range(5)])
    torch.testing.assert_close(stacked_logits, logits.detach().mT)
    if classes > 2:
        losses = torch.nn.functional.cross_entropy(logits.mT, y, reduction="none")
    else:
        losses = torch.nn.functional.binary_cross_entropy_with_logits(logits.squeeze(2), y.double(), reduction="none")
    (losses * weight).sum().backward()
    for name, leaf in leaves.items():
        torch.testing.assert_close(gradients[name], leaf.grad, rtol=1e-10, atol=1e-12)


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


def test_every_init_is_implemented():
    for init in INITS:
        mlp(width=4, init=init).implement(2, 1).init(torch.Generator())
