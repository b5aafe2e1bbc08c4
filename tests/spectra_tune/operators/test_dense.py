"""Top singular values are exact and the penalty's gradient is the outer product of their vectors."""

import pytest
import torch

from spectra_tune.design import Block, Condition, InvalidStudy, Treatment
from spectra_tune.engine import BlockTraining
from spectra_tune.engine.stacked import program as programs
from spectra_tune.networks import mlp
from spectra_tune.operators.arpack import spectral_norms
from spectra_tune.operators.dense import Matrix, TopSingularValue, spectrum_of
from spectra_tune.operators.tracked import TrackedTopSingularValue
from spectra_tune.penalties.spectral_norm import Penalty
from spectra_tune.tasks import moons

SHAPES = [(8, 2), (2, 8), (1, 5), (5, 1), (8, 8), (17, 17), (50, 16), (16, 50), (64, 64), (128, 128), (256, 256)]


def top_singular_value(weight):
    spectrum = TopSingularValue(weight)
    spectrum()
    return spectrum.sigma_M, spectrum.u_MO1.squeeze(2), spectrum.v_MI1.squeeze(2)


def weights(shape, members=16, seed=0, dtype=torch.float32):
    return torch.randn(members, *shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_the_top_singular_value_is_the_svds(shape):
    weight = weights(shape)
    sigma, u, v = top_singular_value(weight)
    torch.testing.assert_close(sigma.double(), torch.linalg.svdvals(weight.double())[:, 0], rtol=1e-5, atol=0)
    torch.testing.assert_close(u.norm(dim=1), torch.ones(16), rtol=1e-5, atol=0)
    torch.testing.assert_close(v.norm(dim=1), torch.ones(16), rtol=1e-5, atol=0)
    torch.testing.assert_close(torch.einsum("moi,mo,mi->m", weight, u, v), sigma, rtol=1e-5, atol=0)


@pytest.mark.parametrize("gap", [0.0, 1e-7, 1e-5, 1e-4, 1e-3, 1e-2])
def test_meeting_singular_values_do_not_harm(gap):
    left, values, right = torch.linalg.svd(weights((32, 32), dtype=torch.float64))
    values[:, 1] = values[:, 0] * (1 - gap)
    weight = (left * values[:, None, :]) @ right
    torch.testing.assert_close(top_singular_value(weight.float())[0].double(), values[:, 0], rtol=1e-4, atol=0)


@pytest.mark.parametrize("shape", [(8, 2), (17, 17), (50, 16)], ids=str)
def test_the_penalty_gradient_is_autograds_of_the_exact_norm(shape):
    weight = weights(shape, dtype=torch.float64).requires_grad_()
    strength = torch.linspace(0.1, 1.0, 16, dtype=torch.float64)
    target = torch.linspace(0.5, 3.0, 16, dtype=torch.float64)
    penalty = (strength * (torch.linalg.matrix_norm(weight, 2) - target) ** 2).sum()
    (expected,) = torch.autograd.grad(penalty, weight)
    gradient = torch.zeros_like(weight)
    Penalty(TopSingularValue(weight.detach(), gradient), strength, torch.zeros(16, dtype=torch.bool), 1)(target)
    torch.testing.assert_close(gradient, expected, rtol=1e-9, atol=1e-12)


def test_a_one_sided_penalty_leaves_small_norms_alone():
    weight = weights((8, 8))
    sigma = top_singular_value(weight)[0]
    ones = torch.ones(16)
    for target, expected_zero in ((sigma * 1.1, True), (sigma * 0.9, False)):
        gradient = torch.zeros_like(weight)
        Penalty(TopSingularValue(weight, gradient), ones, torch.ones(16, dtype=torch.bool), 1)(target)
        assert bool((gradient == 0).all()) is expected_zero


def test_a_zero_or_broken_member_does_not_disturb_its_neighbours():
    weight = weights((8, 8))
    alone = top_singular_value(weight)
    broken = weight.clone()
    broken[3] = 0
    broken[7, 2, 2] = float("nan")
    broken[9, 0, 0] = float("inf")
    sigma, u, v = top_singular_value(broken)
    kept = [index for index in range(16) if index not in (3, 7, 9)]
    assert all(torch.equal(a[kept], b[kept]) for a, b in zip(alone, (sigma, u, v), strict=True))
    assert sigma[3] == 0
    assert not sigma[[7, 9]].isfinite().any()


@pytest.mark.parametrize("shape", [(16, 8), (160, 160), (300, 200), (512, 512)], ids=str)
def test_a_report_measures_the_norm_without_a_state(shape):
    weight = weights(shape, members=2)
    weight[1, 0, 0] = float("nan")
    sigma = spectral_norms(weight)
    torch.testing.assert_close(sigma[0].double(), torch.linalg.svdvals(weight[0].double())[0], rtol=1e-5, atol=0)
    assert sigma[1].isnan()


@pytest.mark.parametrize(("width", "dtype", "tracked"), [(128, "float32", 0), (129, "float32", 1), (129, "float64", 0)])
def test_only_wide_weights_are_tracked(width, dtype, tracked):
    weight = torch.zeros(1, width, width, dtype=getattr(torch, dtype))
    assert isinstance(spectrum_of(weight), TrackedTopSingularValue) is bool(tracked)


@pytest.mark.parametrize("learning_rate", [1e-1, 1e-2, 1e-4])
@pytest.mark.parametrize("width", [8, 64, 128])
def test_sigma_is_exact_along_whole_trainings(width, learning_rate, monkeypatch):
    monkeypatch.setattr(programs, "is_fused", lambda *_: False)
    condition = Condition(task=moons(samples=64), network=mlp(width=width), epochs=40, learning_rate=learning_rate)
    arms = {
        "linear": Treatment(schedule="linear", sigma_start=2.5, sigma_end=1.0, strength=0.1),
        "strong": Treatment(strength=1.0, sigma_end=1.0),
    }
    training = BlockTraining(Block(condition=condition, arms=arms, seeds=range(2)))
    (program,) = training._trainers
    for _ in range(condition.epochs):
        weights = [program.parameters[f"layer_{layer}.weight"].clone() for layer in program.layers]
        training.train_only(1)
        for followed, weight in zip(program._steps._followed.values(), weights, strict=True):
            exact = torch.linalg.svdvals(weight.double())[:, 0]
            torch.testing.assert_close(followed.sigma_M.double(), exact, rtol=1e-4, atol=0)


@pytest.mark.parametrize("scale", [0.0, 1e-30, 1.0, 1e10, 1e18, 1e30])
def test_the_norm_of_a_wide_weight_is_found_at_any_scale(scale):
    weight = scale * torch.randn(1, 140, 130, generator=torch.Generator().manual_seed(0))
    known = scale * float(torch.linalg.svdvals(weight.double() / (scale or 1))[0, 0]) if scale else 0.0
    assert float(spectral_norms(weight)) == pytest.approx(known, rel=1e-5)


def test_following_a_huge_weight_does_not_end_the_block():
    generator = torch.Generator().manual_seed(0)
    weight = torch.randn(1, 130, 130, generator=generator) * 1e9
    top = spectrum_of(weight)
    for _ in range(6):
        top()
        weight.add_(5e7 * torch.randn(weight.shape, generator=generator))
    assert float(top.sigma_M) == pytest.approx(float(torch.linalg.svdvals(weight.double())[0, 0]), rel=0.1)


@pytest.mark.parametrize("width", [8, 160], ids=["squared", "tracked"])
def test_a_matrix_is_followed_measured_and_continued(width):
    """Measuring is no step: what follows goes on with equal bits, from a saved state too."""
    generator = torch.Generator().manual_seed(0)
    weight = torch.randn(2, width, width, generator=generator)
    drift = 0.01 * torch.randn(2, width, width, generator=generator)
    matrix = Matrix(weight[0])
    assert matrix.weights[0] is not None
    one, other = (weight.clone(), weight.clone())
    followed, measured = matrix.follow([one], None), matrix.follow([other], None)
    for _ in range(4):
        one.add_(drift)
        other.add_(drift)
        followed()
        torch.testing.assert_close(
            measured.measured().double(), torch.linalg.svdvals(other.double())[:, 0], rtol=1e-4, atol=0
        )
        measured()
        assert torch.equal(followed.sigma_M, measured.sigma_M)
        assert list(followed.fallbacks) == list(measured.fallbacks)
    again = matrix.follow([one], None)
    again.restore({name: value.clone() for name, value in followed.state().items()})
    one.add_(drift)
    followed()
    again()
    assert torch.equal(followed.sigma_M, again.sigma_M)


@pytest.mark.parametrize("shape", [(3,), (3, 2, 2)], ids=str)
def test_what_is_no_matrix_is_refused(shape):
    with pytest.raises(InvalidStudy, match=r"must be \(out, in\)"):
        Matrix(torch.zeros(shape))
