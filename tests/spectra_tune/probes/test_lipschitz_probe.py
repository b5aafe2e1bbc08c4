"""The Lipschitz probe: bounds that bound, meet where they can, and reasons for none."""

from dataclasses import replace
from math import prod
from types import SimpleNamespace

import numpy
import pytest
import torch
from torch import nn

from spectra_tune.networks import cnn, gcn
from spectra_tune.probes import upper_bound
from spectra_tune.probes.jacobians import TOKENS
from tests.laws.kinds import Ring
from tests.spectra_tune.operators.test_convolution import dense
from tests.tools.probed import drawn, linear, measured, one, only, perceptron, with_parameters


@pytest.mark.parametrize("activation", ["relu", "tanh"])
@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize("depth", [1, 3])
def test_the_lower_lipschitz_bound_is_never_above_the_upper(depth, classes, activation):
    network = perceptron(depth=depth, classes=classes, activation=activation)
    probed = drawn(network, members=4, classes=classes, moved=0.3)
    readings = measured("lipschitz", probed)
    lower, upper, ratio = (readings[f"lipschitz_{which}"].values for which in ("lower", "upper", "ratio"))
    assert (lower > 0).all()
    assert (lower <= upper).all()
    numpy.testing.assert_allclose(ratio, upper / lower)
    assert (lower == measured("sensitivity", replace(probed))["sensitivity_spectral_max"].values).all()


def test_lipschitz_bounds_bound_what_the_logits_do():
    network = perceptron()
    probed = drawn(network, members=1, moved=0.3)
    upper, x = one(measured("lipschitz", probed)["lipschitz_upper"]), probed.points
    logits = probed.member(0)(x)
    steepest = ((logits[1:] - logits[:-1]).norm(dim=1) / (x[1:] - x[:-1]).norm(dim=1)).max()
    assert steepest <= upper


def test_lipschitz_bounds_meet_where_one_direction_is_stretched_most():
    single = measured("lipschitz", drawn(linear(6, 4), members=40, features=6, classes=4, points=20))
    assert (single["lipschitz_lower"].values <= single["lipschitz_upper"].values).all()
    numpy.testing.assert_allclose(single["lipschitz_ratio"].values, 1.0, rtol=1e-8)
    aligned = {"w1__weight": torch.diag(torch.tensor([3.0, 1.0]))[None], "w2__weight": torch.tensor([[[2.0, 0.0]]])}
    probed = with_parameters(drawn(linear(2, 2, 1), members=1), **aligned)
    bounds = measured("lipschitz", probed)
    assert one(bounds["lipschitz_lower"]) == pytest.approx(6.0)
    assert one(bounds["lipschitz_upper"]) == pytest.approx(6.0, rel=1e-8)


class Residual(nn.Sequential):
    def forward(self, x):
        return super().forward(x) + 100 * x


def _twice():
    shared = nn.Linear(2, 2, bias=False)
    return nn.Sequential(shared, nn.ReLU(), shared, nn.Linear(2, 1))


def _tied():
    row = nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 2))
    row[2].weight = row[0].weight
    return row


def test_a_weight_in_series_counts_as_often_as_it_is_used():
    for build in (_twice, _tied):
        probed = drawn(build, members=4, classes=3 if build is _tied else 2, moved=0.0)
        probed = replace(probed, states=[{name: 5 * value for name, value in one.items()} for one in probed.states])
        bounds = measured("lipschitz", probed)
        assert (bounds["lipschitz_lower"].values <= bounds["lipschitz_upper"].values).all()
        assert (
            bounds["lipschitz_upper"].values[0] >= float(torch.linalg.matrix_norm(probed.states[0]["0.weight"], 2)) ** 2
        )


@pytest.mark.parametrize(
    "build",
    [
        lambda: Residual(nn.Linear(2, 2)),
        lambda: nn.Sequential(nn.Linear(2, 4), nn.LeakyReLU(3.0), nn.Linear(4, 1)),
        lambda: nn.Sequential(nn.Linear(2, 4), nn.ELU(alpha=5.0), nn.Linear(4, 1)),
        lambda: nn.Sequential(nn.Linear(2, 4), nn.Softmax(dim=1), nn.Linear(4, 1)),
    ],
    ids=["residual", "steep", "steep elu", "softmax"],
)
def test_what_is_no_row_of_slow_activations_has_no_upper_bound(build):
    bounds = measured("lipschitz", drawn(build, members=1, classes=3))
    assert one(bounds["lipschitz_lower"]) > 0
    assert "no bound is known of" in str(bounds["lipschitz_upper"].reasons[0])


def of_images(**given):
    """What builds a convolutional network of (2, 6, 6) pixels and three classes, all of its norms off the identity."""

    def build():
        module = cnn(**{"channels": 3, "head": 5} | given).build(SimpleNamespace(shape=(2, 6, 6), classes=3))
        for norm in module.modules():
            if isinstance(norm, nn.BatchNorm2d):
                norm.running_var.uniform_(0.05, 2.0)
                nn.init.normal_(norm.weight)
        return module

    return build


@pytest.mark.parametrize(
    "given", [{}, {"norm": "batch"}, {"residual": True}, {"norm": "batch", "residual": True, "head": None}], ids=str
)
def test_bounds_of_convolutional_networks_bound_and_are_products_of_their_parts(given, monkeypatch):
    probed = drawn(of_images(**given), members=2, features=(2, 6, 6), classes=3, points=30, moved=0.0)
    bounds = {name: reading.values for name, reading in measured("lipschitz", probed).items()}
    assert (bounds["lipschitz_lower"] <= bounds["lipschitz_upper"]).all()
    expected = 1.0
    module = probed.member(0)
    for stage, size in zip(module.stage, ((6, 6), (3, 3)), strict=True):
        of_parts = [
            float(torch.linalg.matrix_norm(dense(conv, conv.weight, size), 2)) * _batch_norm(norm)
            for conv, norm in (
                (stage.conv, stage.norm),
                *([(stage.again, stage.norm_again)] if stage.residual else []),
            )
        ]
        expected *= of_parts[0] * (1 + sum(of_parts[1:]))
    rows = [module.last.weight] if module.head is None else [module.head.weight, module.last.weight]
    expected *= prod(float(torch.linalg.matrix_norm(row, 2)) for row in rows) / (3 if module.head is None else 1)
    assert bounds["lipschitz_upper"][0] == pytest.approx(expected, rel=1e-7)
    monkeypatch.setattr(upper_bound, "MOST", 1)  # all followed
    above = one(measured("lipschitz", only(replace(probed), 0))["lipschitz_upper"])
    assert expected <= above <= 1.01 * expected


def _batch_norm(norm):
    if isinstance(norm, nn.Identity):
        return 1.0
    return float((norm.weight.abs() / (norm.running_var + norm.eps).sqrt()).max())


def test_a_mean_over_an_image_and_a_batch_norm_have_the_norms_of_their_maps():
    def build():
        row = nn.Sequential(nn.BatchNorm2d(1), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(1, 1))
        row[0].running_var.fill_(0.3)
        nn.init.constant_(row[0].weight, -2.0)
        return row

    bounds = measured("lipschitz", drawn(build, features=(1, 4, 5), points=4, moved=0.0))
    numpy.testing.assert_allclose(bounds["lipschitz_ratio"].values, 1.0, rtol=1e-6)


@pytest.mark.parametrize("residual", [False, True])
def test_the_bound_of_a_graph_network_is_by_the_numbers_of_all_nodes(residual):
    task = Ring()
    probed = drawn(lambda: gcn(width=4, depth=3, residual=residual).build(task), members=1, moved=0.3)
    probed = replace(probed, x=torch.arange(40).unsqueeze(1), target=torch.arange(40) % 2)
    module = probed.member(0)

    def outputs(features):
        module.features_NF = features
        return module(probed.x)

    derivative = torch.autograd.functional.jacobian(outputs, module.features_NF)
    lower = float(torch.linalg.matrix_norm(derivative.flatten(0, 1).flatten(1), 2))
    bounds = measured("lipschitz", probed)
    norms = [float(torch.linalg.matrix_norm(module.get_parameter(f"layer_{n}.weight"), 2)) for n in (1, 2, 3)]
    norms = [norms[0], *(norm + residual for norm in norms[1:])]
    last = float(torch.linalg.matrix_norm(module.last.weight, 2))
    assert one(bounds["lipschitz_upper"]) == pytest.approx(prod(norms) * last, rel=1e-8)
    assert lower <= one(bounds["lipschitz_upper"])
    assert bounds["lipschitz_lower"].reasons == bounds["lipschitz_ratio"].reasons == (TOKENS,)


class Halves(nn.Module):
    """Says its own bound, of a part that may not run."""

    def __init__(self, runs=True):
        super().__init__()
        self.runs, self.part, self.other = runs, nn.Linear(2, 2), nn.Linear(2, 2)

    def forward(self, x):
        return (self.part if self.runs else self.other)(x) / 2

    def lipschitz_bound(self, of):
        return of(self.part) / 2


def test_a_module_of_ones_own_says_its_bound_of_parts_that_run():
    runs, other = (measured("lipschitz", drawn(lambda runs=r: Halves(runs), classes=3)) for r in (True, False))
    numpy.testing.assert_allclose(runs["lipschitz_ratio"].values, 1.0, rtol=1e-8)
    assert "Linear, which its bound is made of, does not run" in str(other["lipschitz_upper"].reasons[0])


@pytest.mark.parametrize(
    ("build", "says"),
    [
        (of_images(norm="group"), "a norm over a sample's own numbers"),
        (lambda: nn.Sequential(nn.MaxPool2d(3, stride=2), nn.Flatten(), nn.Linear(8, 3)), "known of MaxPool2d"),
        (lambda: nn.Sequential(nn.BatchNorm2d(2, track_running_stats=False), nn.Flatten()), "known of BatchNorm2d"),
    ],
    ids=["group", "overlapping", "batch"],
)
def test_what_stretches_without_a_known_bound_says_so(build, says):
    bounds = measured("lipschitz", drawn(build, members=1, features=(2, 6, 6), classes=3, points=20))
    assert says in str(bounds["lipschitz_upper"].reasons[0])
    assert one(bounds["lipschitz_lower"]) > 0
