"""The Lipschitz probe: bounds that bound, meet where they can, and reasons for none."""

from dataclasses import replace

import numpy
import pytest
import torch
from torch import nn

from tests.tools.probed import drawn, linear, measured, one, perceptron, with_parameters


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
    assert "needs a torch.nn.Sequential" in bounds["lipschitz_upper"].reasons[0]
