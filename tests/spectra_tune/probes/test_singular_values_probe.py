"""The singular-values probe: known ranks, and every operator as the map that it is."""

import pytest
import torch
from torch import nn

from spectra_tune.operators.of_module import operators_of
from spectra_tune.probes import singular_values
from tests.tools.probed import drawn, linear, measured, one, perceptron, with_parameters


@pytest.mark.parametrize(
    "weight, stable, effective",
    [
        (torch.diag(torch.tensor([3.0, 1.0])), 10 / 9, 4 / 3**0.75),  # shares 3/4, 1/4
        (torch.outer(torch.arange(1.0, 6), torch.arange(2.0, 5)), 1.0, 1.0),
        (
            2.5
            * torch.linalg.qr(torch.randn(9, 9, generator=torch.Generator().manual_seed(0), dtype=torch.float64))[0],
            9,
            9,
        ),
        (torch.diag(torch.tensor([1e-30, 0.0])), 1.0, 1.0),
    ],
    ids=["diagonal", "rank one", "orthogonal", "tiny"],
)
def test_ranks_have_their_known_values(weight, stable, effective):
    out, features = weight.shape
    probed = with_parameters(drawn(linear(features, out), members=1, features=features), w1__weight=weight[None])
    readings = measured("singular_values", probed)
    assert list(readings) == ["spectral_norm_1", "frobenius_norm_1", "stable_rank_1", "effective_rank_1"]
    assert one(readings["stable_rank_1"]) == pytest.approx(stable, rel=1e-12)
    assert one(readings["effective_rank_1"]) == pytest.approx(effective, rel=1e-12)
    assert one(readings["frobenius_norm_1"]) == pytest.approx(weight.double().norm().item(), rel=1e-12)
    top = torch.linalg.matrix_norm(weight.double(), 2).item()
    assert one(readings["spectral_norm_1"]) == pytest.approx(top, rel=1e-12)


def test_a_zero_weight_has_norms_but_no_ranks():
    probed = with_parameters(drawn(perceptron(), members=1), layer_2__weight=torch.zeros(1, 12, 12))
    readings = measured("singular_values", probed)
    assert one(readings["spectral_norm_2"]) == one(readings["frobenius_norm_2"]) == 0.0
    assert readings["stable_rank_2"].reasons == readings["effective_rank_2"].reasons
    assert readings["stable_rank_2"].reasons == ("the weight is zero: it has no direction",)
    assert one(readings["stable_rank_1"]) >= 1


def test_a_large_convolution_has_a_stable_rank_and_a_reason_for_the_other(monkeypatch):
    def build():
        return nn.Sequential(nn.Conv2d(1, 3, 3, padding=1), nn.Flatten(), nn.Linear(108, 1))

    probed = drawn(build, members=2, features=(1, 6, 6), points=4, regularized=operators_of)
    exact = measured("singular_values", probed)
    monkeypatch.setattr(singular_values, "MOST", 35)
    large = measured("singular_values", probed)
    assert list(large) == [f"{quantity}_0" for quantity in singular_values.QUANTITIES]
    for quantity in singular_values.QUANTITIES[:3]:
        assert large[f"{quantity}_0"].values == pytest.approx(exact[f"{quantity}_0"].values, rel=2e-3)
    assert large["effective_rank_0"].reasons == (singular_values.TOO_LARGE,) * 2
