"""docs/concepts/theory.md's formulas have their known answers."""

import numpy
import pytest
import torch
from numpy.polynomial.hermite_e import hermegauss
from scipy.optimize import brentq

from spectra_tune.networks import mlp
from spectra_tune.tasks import digits

NODES, WEIGHTS = hermegauss(101)
WEIGHTS = WEIGHTS / WEIGHTS.sum()


@pytest.mark.parametrize(("init", "variance"), [("linear", 1 / 3), ("he", 2.0)])
def test_the_norm_of_a_drawn_matrix(init, variance):
    module = mlp(width=600, init=init).build(digits())
    weight = next(value for value in module.parameters() if value.shape == (600, 600)).detach()
    assert torch.linalg.matrix_norm(weight, 2).item() == pytest.approx(2 * variance**0.5, rel=0.02)
    below = next(value for value in module.parameters() if value.shape == (600, 64)).detach()
    expected = variance**0.5 * (1 + (600 / 64) ** 0.5)
    assert torch.linalg.matrix_norm(below, 2).item() == pytest.approx(expected, rel=0.03)


def expected_over_normal(function):
    return float(WEIGHTS @ function(NODES))


def susceptibility(weight_variance, bias_variance):
    """chi at the fixed point of q, of tanh."""
    q = 1.0
    for _ in range(20_000):
        before = q
        q = weight_variance * expected_over_normal(lambda z, q=q: numpy.tanh(q**0.5 * z) ** 2) + bias_variance
        if abs(q - before) < 1e-13:
            break
    return weight_variance * expected_over_normal(lambda z: (1 - numpy.tanh(q**0.5 * z) ** 2) ** 2)


@pytest.mark.parametrize(("bias_variance", "critical"), [(0.01, 1.4242), (0.05, 1.7610), (0.1, 1.9861), (0.3, 2.5051)])
def test_the_critical_line_of_tanh(bias_variance, critical):
    found = brentq(lambda variance: susceptibility(variance, bias_variance) - 1, 1.05, 4.0, xtol=1e-6)
    assert found == pytest.approx(critical, abs=2e-3)


def test_orthogonal_layers_keep_a_signal_and_layers_of_norm_one_do_not():
    generator = torch.Generator().manual_seed(0)
    drawn = torch.randn(20, 200, 200, generator=generator, dtype=torch.float64)
    orthogonal = torch.linalg.multi_dot(list(torch.linalg.qr(drawn)[0]))
    assert torch.linalg.svdvals(orthogonal).numpy() == pytest.approx(1.0)
    held = torch.linalg.multi_dot(list(drawn / torch.linalg.matrix_norm(drawn, 2)[:, None, None]))
    shrunk = torch.linalg.svdvals(held).square().mean().sqrt().item()
    assert numpy.log2(shrunk) == pytest.approx(-20, abs=1)


@pytest.mark.parametrize(("outputs", "inputs"), [(10, 40), (40, 10)])
def test_a_norm_by_fan_keeps_the_root_mean_square(outputs, inputs):
    weight = torch.randn(outputs, inputs, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    left, sigma, right = torch.linalg.svd(weight)
    scaled = weight / sigma[0] * (outputs / inputs) ** 0.5
    x = right[0]
    ratio = (scaled @ x).square().mean().sqrt() / x.square().mean().sqrt()
    assert ratio.item() == pytest.approx(1.0)
    assert left.shape == (outputs, outputs)


def test_the_costate_gives_the_gradient_by_the_target():
    """Euler steps of the controlled flow for l = (sigma^2 - 2)^2 / 8, against autograd through all of them."""
    steps, step, strength = 2000, 1e-3, 0.7
    target = torch.linspace(0.5, 1.5, steps, dtype=torch.float64, requires_grad=True)

    def slope(sigma):
        return sigma * (sigma**2 - 2) / 2

    sigma, path = torch.tensor(2.5, dtype=torch.float64), []
    for u in target:
        path.append(sigma)
        sigma = sigma + step * (-slope(sigma) - 2 * strength * (sigma - u))
    ((sigma**2 - 2) ** 2 / 8).backward()
    costate, found = slope(sigma).item(), []
    for past in reversed(path):
        found.append(2 * strength * costate * step)
        costate *= 1 - step * ((3 * past.item() ** 2 - 2) / 2 + 2 * strength)
    numpy.testing.assert_allclose(found[::-1], target.grad.numpy(), rtol=1e-9)
    assert (numpy.sign(found) == numpy.sign(found[0])).all()
