"""Convolutions: their spectral norms on inputs of one size, exact at every step, and the pull along their gradients.

Axes: M member, L number of the output, K of the input.
"""

import io
import math

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from spectra_tune.errors import InvalidStudy
from spectra_tune.operators import krylov
from spectra_tune.operators.convolution import Convolution

WITHIN = krylov._within_tolerance

LAYERS = {
    "valid": (nn.Conv2d(3, 4, 3), (8, 8)),
    "zeros": (nn.Conv2d(3, 4, 3, padding=1), (8, 7)),
    "same, even kernel": (nn.Conv2d(2, 3, 4, padding="same"), (6, 9)),
    "circular": (nn.Conv2d(3, 4, 3, padding=1, padding_mode="circular"), (8, 8)),
    "reflected": (nn.Conv2d(3, 4, 3, padding=2, padding_mode="reflect"), (7, 8)),
    "replicated, strided": (nn.Conv2d(3, 4, 3, padding=1, stride=2, padding_mode="replicate"), (7, 8)),
    "strided": (nn.Conv2d(3, 8, 3, stride=2, padding=1), (9, 8)),
    "stride beyond kernel": (nn.Conv2d(3, 4, 2, stride=3), (9, 8)),
    "dilated": (nn.Conv2d(3, 4, 3, padding=2, dilation=2), (9, 8)),
    "grouped": (nn.Conv2d(4, 6, 3, padding=1, groups=2), (8, 8)),
    "depthwise": (nn.Conv2d(5, 5, 3, padding=1, groups=5), (8, 8)),
    "pointwise": (nn.Conv2d(6, 4, 1), (5, 5)),
    "more outputs": (nn.Conv2d(1, 6, 5), (12, 12)),
    "one channel": (nn.Conv2d(1, 1, 3, padding=1), (9, 9)),
    "transposed": (nn.ConvTranspose2d(3, 4, 3, stride=2, padding=1, output_padding=1), (5, 6)),
    "transposed, grouped": (nn.ConvTranspose2d(4, 6, 3, groups=2), (6, 6)),
    "transposed, dilated": (nn.ConvTranspose2d(3, 2, 3, dilation=2), (6, 6)),
    "sequence": (nn.Conv1d(3, 5, 4, stride=2), (21,)),
    "volume": (nn.Conv3d(2, 3, 2, padding=1), (4, 3, 4)),
    "whole image": (nn.Conv2d(3, 5, 4), (4, 4)),
}
EVERY = pytest.mark.parametrize("name", LAYERS)
pytestmark = pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths")


def drawn(layer, seed=0) -> Tensor:
    shape = layer.weight.shape
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=generator, dtype=torch.float64) / math.prod(shape[1:]) ** 0.5


def operator(layer, weight, size) -> Convolution:
    transposed = isinstance(layer, nn.ConvTranspose2d)
    return Convolution(
        weight,
        input_size=size,
        stride=layer.stride,
        padding=layer.padding,
        dilation=layer.dilation,
        groups=layer.groups,
        padding_mode=layer.padding_mode,
        transposed=transposed,
        output_padding=layer.output_padding if transposed else 0,
    )


def dense(layer, weight, size) -> Tensor:
    """The matrix (out, in) of the layer's own forward pass, differentiable by its weight."""
    channels = layer.in_channels
    images_KCHW = torch.eye(channels * math.prod(size), dtype=torch.float64).view(-1, channels, *size)
    without_bias = {"weight": weight.double(), "bias": torch.zeros(layer.out_channels, dtype=torch.float64)}
    return torch.func.functional_call(layer, without_bias, images_KCHW).flatten(1).T


def followed(layer, weight, size, gradient=None):
    given = None if gradient is None else [gradient.unsqueeze(0)]
    return operator(layer, weight, size).follow([weight.unsqueeze(0)], given)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@EVERY
def test_sigma_and_its_gradient_are_those_of_the_dense_matrix_in_double_precision(name, dtype):
    layer, size = LAYERS[name]
    weight = drawn(layer).requires_grad_()
    sigma = torch.linalg.svdvals(dense(layer, weight, size))[0]
    (expected,) = torch.autograd.grad(sigma, weight)
    gradient = torch.ones_like(weight, dtype=dtype)  # what is there already, the pull is added to
    given = weight.detach().to(dtype)
    one = followed(layer, given, size, gradient)
    for _ in range(3):
        one()
    assert one.sigma_M.item() == pytest.approx(sigma.item(), rel=1e-3)
    assert one.measured().item() == pytest.approx(sigma.item(), rel=1e-3)
    one.pull(torch.tensor([2.0], dtype=dtype))
    pulled = (gradient.double() - 1) / 2
    assert (pulled - expected).norm() <= 0.03 * expected.norm()
    assert (pulled * given.double()).sum().item() == pytest.approx(sigma.item(), rel=1e-3)  # sigma is homogeneous


@pytest.mark.parametrize(("mode", "known"), [("zeros", (1 + 2 * math.cos(math.pi / 9)) ** 2), ("circular", 9.0)])
def test_a_kernel_of_ones_has_its_known_norm(mode, known):
    weight = torch.ones(1, 1, 3, 3)
    one = Convolution(weight, input_size=(8, 8), padding=1, padding_mode=mode).follow([weight.unsqueeze(0)], None)
    for _ in range(3):
        one()
    assert one.sigma_M.item() == pytest.approx(known, rel=1e-5)


@pytest.mark.parametrize("stride", [1, 2])
def test_circular_convolutions_have_the_norm_of_their_fourier_transform(stride):
    """Sedghi et al. 2019; of a stride s the s^2 aliased frequencies side by side, divided by s."""
    layer = nn.Conv2d(3, 4, 3, padding=1, stride=stride, padding_mode="circular")
    weight, count = drawn(layer), 8
    symbol_OIFF = torch.fft.fft2(weight, (count, count))
    folded = count // stride
    aliased = symbol_OIFF.unflatten(2, (stride, folded)).unflatten(4, (stride, folded)).permute(3, 5, 0, 1, 2, 4)
    known = torch.linalg.matrix_norm(aliased.flatten(3), 2).max().item() / stride
    one = followed(layer, weight, (count, count))
    one()
    assert one.sigma_M.item() == pytest.approx(known, rel=1e-3)


def test_sigma_is_not_that_of_the_reshaped_kernel():
    layer = nn.Conv2d(3, 4, 3, padding=1)
    weight = drawn(layer)
    one = followed(layer, weight, (8, 8))
    one()
    assert one.sigma_M.item() > 1.2 * torch.linalg.matrix_norm(weight.flatten(1), 2).item()


class Net(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(6, 12, 3, padding=1, padding_mode="circular"), nn.ReLU(), nn.Flatten(), nn.Linear(588, 4),
        )  # fmt: skip


@pytest.mark.parametrize(("learning_rate", "target"), [(1e-3, 1.0), (1e-2, 2.5)])
def test_sigma_is_exact_at_every_step_of_a_penalised_training(learning_rate, target):
    torch.manual_seed(0)
    net = Net()
    x, y = torch.rand(64, 1, 14, 14), torch.arange(64) % 4
    adam = torch.optim.Adam(net.parameters(), lr=learning_rate)
    layers = [(net[0], (14, 14)), (net[3], (7, 7))]
    gradients = [torch.zeros_like(layer.weight) for layer, _ in layers]
    each = [
        followed(layer, layer.weight.detach(), size, gradient)
        for (layer, size), gradient in zip(layers, gradients, strict=True)
    ]
    steps = 30
    for step in range(steps):
        adam.zero_grad()
        functional.cross_entropy(net(x), y).backward()
        for (layer, size), gradient, one in zip(layers, gradients, each, strict=True):
            one()
            true = torch.linalg.matrix_norm(dense(layer, layer.weight.detach(), size), 2).item()
            assert one.sigma_M.item() == pytest.approx(true, rel=1e-3), f"step {step}"
            gradient.zero_()
            one.pull(2.0 * (one.sigma_M - target))
            layer.weight.grad.add_(gradient)
        adam.step()
    assert sum(one.fallbacks[0] for one in each) <= 2


STRIDED = {
    "zeros": (nn.Conv2d(4, 8, 3, padding=1, stride=2), (10, 10)),
    "circular": (nn.Conv2d(8, 4, 3, padding=1, stride=2, padding_mode="circular"), (8, 8)),
    "circular, not divided": (nn.Conv2d(4, 6, 3, padding=1, stride=2, padding_mode="circular"), (7, 7)),
    "more outputs": (nn.Conv2d(1, 12, 3, padding=1, stride=2), (9, 9)),
}


@pytest.mark.parametrize("name", STRIDED)
def test_a_strided_convolution_is_exact_at_every_step_however_fast_it_moves(name):
    """Waves that a stride makes one are looked at together: a top vector may rise where none of them rose alone."""
    layer, size = STRIDED[name]
    weight = nn.Parameter(drawn(layer).float())
    adam = torch.optim.Adam([weight], lr=0.03)
    gradient = torch.zeros_like(weight)
    one = followed(layer, weight.detach(), size, gradient)
    generator = torch.Generator().manual_seed(1)
    x = torch.rand(16, layer.in_channels, *size, generator=generator)
    towards = torch.randn(layer(x).shape, generator=generator)
    for step in range(40):
        adam.zero_grad()
        outputs = torch.func.functional_call(layer, {"weight": weight}, x)
        (functional.relu(outputs) * towards).mean().mul(20).backward()
        one()
        true = torch.linalg.matrix_norm(dense(layer, weight.detach(), size), 2).item()
        assert one.sigma_M.item() == pytest.approx(true, rel=1e-3), f"step {step}"
        gradient.zero_()
        one.pull(2.0 * (one.sigma_M - 1.0))
        weight.grad.add_(gradient)
        adam.step()


def test_nearly_equal_top_values_cross_unmissed():
    """Two groups, each with a top value of its own."""
    layer = nn.Conv2d(2, 2, 3, padding=1, groups=2)
    weight = drawn(layer).float()
    current = weight.clone()
    one = followed(layer, current, (8, 8))
    for second in (0.8, 0.99, 0.9999, 1.0, 1.0001, 1.01, 1.3):
        current.copy_(weight)
        current[1] = weight[0].flip(1) * second
        one()
        true = torch.linalg.matrix_norm(dense(layer, current, (8, 8)), 2).item()
        assert one.sigma_M.item() == pytest.approx(true, rel=1e-3)


@pytest.mark.parametrize("weight", [torch.zeros(2, 2, 3, 3), torch.eye(3)[:, :, None, None]], ids=["zeros", "identity"])
def test_degenerate_kernels_are_followed(weight):
    gradient = torch.zeros_like(weight)
    one = Convolution(weight, input_size=(6, 6)).follow([weight.unsqueeze(0)], [gradient.unsqueeze(0)])
    for _ in range(3):
        one()
        one.pull(torch.ones(1))
    assert one.sigma_M.item() == pytest.approx(weight.max().item(), abs=1e-5)
    assert one.measured().item() == pytest.approx(weight.max().item(), abs=1e-5)
    assert gradient.isfinite().all()
    assert gradient.any() == weight.any()


@pytest.mark.parametrize("factor", [1e-30, 1e30])
def test_kernels_of_any_size_neither_overflow_nor_vanish(factor):
    layer, size = LAYERS["zeros"]
    small, large = followed(layer, drawn(layer).float(), size), followed(layer, drawn(layer).float() * factor, size)
    small()
    large()
    assert large.sigma_M.item() == pytest.approx(small.sigma_M.item() * factor, rel=1e-3)


def stack(members=3):
    layer, size = LAYERS["zeros"]
    weights = torch.stack([drawn(layer, seed).float() for seed in range(members)])
    gradients = torch.zeros_like(weights)
    return weights, gradients, operator(layer, weights[0], size).follow([weights], [gradients])


@pytest.mark.parametrize("value", [torch.nan, torch.inf])
def test_a_member_that_is_not_finite_gets_nan_and_disturbs_no_other(value):
    weights, gradients, one = stack()
    _, alike, other = stack()
    for step in range(3):
        if step == 1:
            weights[1, 0, 0, 0, 0] = value
        one()
        other()
        one.pull(torch.ones(3))
        other.pull(torch.ones(3))
    assert one.sigma_M.isnan().tolist() == one.measured().isnan().tolist() == [False, True, False]
    for member in (0, 2):
        assert torch.equal(one.sigma_M[member], other.sigma_M[member])
        assert torch.equal(gradients[member], alike[member])


def test_a_saved_and_restored_state_continues_with_equal_bits():
    weights, gradients, one = stack()
    again, others, other = stack()
    generator = torch.Generator().manual_seed(0)
    for step in range(6):
        moved = 0.02 * torch.randn(weights.shape, generator=generator)
        weights += moved
        again += moved
        one()
        one.measured()  # without an effect
        if step == 3:
            file = io.BytesIO()
            torch.save(one.state(), file)
            file.seek(0)
            other.restore(torch.load(file))
        if step > 3:
            gradients.zero_()
            others.zero_()
            other()
            for of in (one, other):
                of.pull(torch.ones(3))
            assert torch.equal(one.sigma_M, other.sigma_M)
            assert torch.equal(gradients, others)
    assert one.fallbacks == other.fallbacks


def test_what_the_followed_space_misses_is_found_by_a_check_and_counted(monkeypatch):
    monkeypatch.setattr("spectra_tune.operators.krylov.CHECK_EVERY", 3)
    monkeypatch.setattr("spectra_tune.operators.followed_convolution._band", lambda *_: None)  # as if it were too wide
    layer, size = nn.Conv2d(3, 4, 3, padding=1), (14, 14)
    weight = drawn(layer).float()
    one = followed(layer, weight, size)
    one()
    weight.copy_(drawn(layer, seed=5))
    true = torch.linalg.matrix_norm(dense(layer, weight, size), 2).item()
    monkeypatch.setattr("spectra_tune.operators.followed_convolution.MOVED", math.inf)  # nothing is looked at anew
    cold = krylov._cold
    monkeypatch.setattr(krylov, "_within_tolerance", lambda *_, **__: True)  # what is known is taken as it is
    monkeypatch.setattr(krylov, "_cold", exactly(monkeypatch, cold))
    found = []
    for _ in range(3):
        one()
        found.append(one.sigma_M.item() / true)
    assert max(found[:2]) < 0.99
    assert found[2] == pytest.approx(1, rel=1e-3)
    assert one.fallbacks == [1]


def exactly(monkeypatch, cold):
    """A cold start whose own tolerance is as it was."""

    def call(*given):
        with monkeypatch.context() as own:
            own.setattr(krylov, "_within_tolerance", WITHIN)
            return cold(*given)

    return call


def test_a_kernel_that_does_not_fit_is_refused_in_one_line():
    with pytest.raises(InvalidStudy, match="must fit into its input"):
        Convolution(torch.ones(1, 1, 5, 5), input_size=(3, 8))
    with pytest.raises(InvalidStudy, match="with an axis for each of its input's"):
        Convolution(torch.ones(1, 1, 5), input_size=(8, 8))


@pytest.mark.parametrize("size", [2, 3, 5])
def test_conjugate_frequencies_that_round_apart_leave_one_to_look_at(size):
    """On small images a frequency and its conjugate are neighbours: each may be lower than the other's rounding."""
    layer = nn.Conv2d(8, 16, 3, padding=1)
    for seed in range(40):
        weight = drawn(layer, seed).float()
        one = followed(layer, weight, (size, size))
        one()
        expected = torch.linalg.svdvals(dense(layer, weight, (size, size)))[0]
        torch.testing.assert_close(one.sigma_M[0].double(), expected, rtol=1e-3, atol=0)
