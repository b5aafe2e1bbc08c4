"""The sensitivity probe: derivatives that are known, and finite differences."""

from dataclasses import replace

import numpy
import pytest
import torch
from torch import nn

from spectra_tune.probes import jacobians
from tests.tools.probed import drawn, linear, measured, one, perceptron, with_parameters


def test_a_linear_networks_derivative_is_the_product_of_its_weights():
    probed = drawn(linear(5, 7, 4, 3), members=2, features=5, classes=3, points=40)
    readings = measured("sensitivity", probed)
    for member in range(2):
        w1, w2, w3 = (probed.states[member][f"{name}.weight"].double() for name in ("w1", "w2", "w3"))
        for norm, expected in (
            ("spectral", torch.linalg.matrix_norm(w3 @ w2 @ w1, 2)),
            ("frobenius", (w3 @ w2 @ w1).norm()),
        ):
            for summary in ("median", "p95", "max"):
                found = readings[f"sensitivity_{norm}_{summary}"].values[member]
                assert found == pytest.approx(expected.item(), rel=1e-12)


@pytest.mark.parametrize("classes, features", [(2, 2), (2, 5), (4, 2), (3, 5)])
def test_derivatives_are_finite_differences(classes, features, monkeypatch):
    monkeypatch.setattr(jacobians, "MOST_INPUTS", 7 * features)  # tiles that do not divide the points
    network = perceptron(activation="tanh", classes=classes, features=features)
    probed = drawn(network, members=1, features=features, classes=classes, points=30)
    module, x_NF, step = probed.member(0), probed.points, 1e-6
    columns = []
    for feature in range(features):
        shift = torch.zeros(features, dtype=torch.float64)
        shift[feature] = step
        columns.append((module(x_NF + shift) - module(x_NF - shift)) / step / 2)
    expected_NOF = torch.stack(columns, dim=2)
    torch.testing.assert_close(jacobians.jacobians(module, x_NF), expected_NOF, rtol=1e-6, atol=1e-8)
    readings = measured("sensitivity", probed)
    for norm, norm_N in (
        ("spectral", torch.linalg.matrix_norm(expected_NOF, 2)),
        ("frobenius", torch.linalg.matrix_norm(expected_NOF)),
    ):
        expected = numpy.quantile(norm_N.numpy(), (0.5, 0.95, 1.0))
        found = [one(readings[f"sensitivity_{norm}_{summary}"]) for summary in ("median", "p95", "max")]
        assert found == pytest.approx(expected, rel=1e-6)


def test_a_constant_function_has_sensitivity_zero_and_no_lipschitz_ratio():
    probed = drawn(perceptron(depth=2), members=1)
    dead = with_parameters(probed, layer_2__bias=torch.full((1, 12), -1e6))
    assert all(one(reading) == 0.0 for reading in measured("sensitivity", dead).values())
    bounds = measured("lipschitz", dead)
    assert one(bounds["lipschitz_lower"]) == 0.0 < one(bounds["lipschitz_upper"])
    assert bounds["lipschitz_ratio"].reasons == ("the outputs do not change with the input at any probe point",)

    class Constant(nn.Linear):
        def forward(self, x):
            return self.weight[:, 0].expand(len(x), -1)

    constant = drawn(lambda: Constant(2, 1), members=1)
    assert all(one(reading) == 0.0 for reading in measured("sensitivity", constant).values())


def test_derivatives_of_many_numbers_are_looked_at_on_the_first_points(monkeypatch):
    probed = drawn(perceptron(activation="tanh", classes=4), members=1, classes=4, points=60)
    first = measured("sensitivity", replace(probed, x=probed.x[:17], target=probed.target[:17]))
    monkeypatch.setattr(jacobians, "MOST_CELLS", 2 * 4 * 5)  # five points at a time
    monkeypatch.setattr(jacobians, "LEAST_POINTS", 17)
    found = measured("sensitivity", replace(probed))
    assert {name: one(of) for name, of in found.items()} == pytest.approx({name: one(of) for name, of in first.items()})
    monkeypatch.setattr(jacobians, "MOST_CELLS", 2 * 4 * 60)
    of_all = measured("sensitivity", replace(probed))
    assert one(of_all["sensitivity_spectral_median"]) != one(first["sensitivity_spectral_median"])
