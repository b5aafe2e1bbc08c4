"""The attack finds what is there, within its ball; calibration is that of its definition."""

import pytest
import torch

from spectra_tune.design import Attack
from spectra_tune.probes.attack import strongest
from spectra_tune.probes.calibration import expected_error

WEIGHT = torch.tensor([[3.0, 4.0]])
"""Of one logit: points are at |w x| / 5 from its boundary in l2, at |w x| / 7 in linf."""

DISTANCE = {"l2": 5.0, "linf": 7.0}


@pytest.fixture
def linear():
    module = torch.nn.Linear(2, 1, bias=False)
    module.weight.data = WEIGHT.clone()
    return module


def points():
    drawn = torch.Generator().manual_seed(0)
    return torch.randn(400, 2, generator=drawn)


def attacked(module, x, target, attack, seed=1):
    return strongest(module, x, target, attack, torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("norm", DISTANCE)
def test_of_a_linear_network_exactly_the_points_beyond_epsilon_are_robust(linear, norm):
    x = points()
    signed_N = (x @ WEIGHT.T)[:, 0] / DISTANCE[norm]
    target_N = (points()[:, 0] > -0.5).long()  # right of some, wrong of others
    _, right_N = attacked(linear, x, target_N, Attack(norm=norm, epsilon=0.4))
    margin_N = torch.where(target_N == 1, signed_N, -signed_N)
    clear_N = (margin_N - 0.4).abs() > 1e-4
    assert (right_N == (margin_N > 0.4))[clear_N].all()
    assert 0 < right_N.sum() < (margin_N > 0).sum() < len(x)


class Louder(torch.nn.Module):
    """The same answers, so sure of them that float32 leaves the cross-entropy no slope."""

    def __init__(self, module):
        super().__init__()
        self.module = module

    def forward(self, x):
        return 1e6 * self.module(x)


@pytest.mark.parametrize("outputs", [1, 3])
def test_a_network_is_not_robust_because_it_is_sure(outputs):
    torch.manual_seed(0)
    module = torch.nn.Sequential(torch.nn.Linear(2, 16), torch.nn.Tanh(), torch.nn.Linear(16, outputs))
    x, attack = points(), Attack(norm="l2", epsilon=0.3)
    with torch.no_grad():
        answers = module(x)
        target_N = answers.argmax(dim=1) if outputs > 1 else (answers[:, 0] > 0).long()
    _, quiet_N = attacked(module, x, target_N, attack)
    _, loud_N = attacked(Louder(module), x, target_N, attack)
    assert 0.2 < quiet_N.double().mean() < 0.9
    assert (loud_N != quiet_N).double().mean() < 0.02


@pytest.mark.parametrize("norm", DISTANCE)
def test_what_is_found_lies_within_the_ball_and_fools_whom_it_says(norm):
    torch.manual_seed(0)
    module = torch.nn.Sequential(torch.nn.Linear(2, 16), torch.nn.Tanh(), torch.nn.Linear(16, 3))
    x = points()
    target_N = module(x).argmax(dim=1)
    worst, right_N = attacked(module, x, target_N, Attack(norm=norm, epsilon=0.3))
    lengths_N = (worst - x).norm(dim=1) if norm == "l2" else (worst - x).abs().amax(dim=1)
    assert lengths_N.max() <= 0.3 * (1 + 1e-5)
    assert ((module(worst).argmax(dim=1) == target_N) == right_N).all()
    assert all(parameter.grad is None for parameter in module.parameters())


def test_more_restarts_and_steps_never_leave_more_samples(linear):
    torch.manual_seed(0)
    module = torch.nn.Sequential(torch.nn.Linear(2, 64), torch.nn.ReLU(), torch.nn.Linear(64, 2))
    for parameter in module.parameters():
        parameter.data *= 4
    target_N = module(points()).argmax(dim=1)
    one, four = (
        attacked(module, points(), target_N, Attack(norm="l2", epsilon=0.2, steps=2, restarts=number))[1]
        for number in (1, 4)
    )
    assert (four <= one).all()
    assert four.sum() < one.sum()


def test_a_sample_that_is_wrong_as_it_is_is_not_robust(linear):
    x = torch.tensor([[1.0, 1.0]])
    assert not attacked(linear, x, torch.tensor([0]), Attack(norm="l2", epsilon=1e-6))[1]


def test_the_start_is_drawn_from_the_generator_that_is_given(linear):
    flat = torch.nn.Linear(2, 2)
    flat.weight.data.zero_()
    flat.bias.data = torch.tensor([0.0, 1.0])
    flat.weight.data[1] = 1e-3  # but one that tells points apart
    before = torch.get_rng_state()
    attack = Attack(norm="l2", epsilon=1, steps=1)
    found = [attacked(flat, points(), torch.zeros(400).long(), attack, seed)[0] for seed in (1, 1, 2)]
    assert found[0].equal(found[1])
    assert not found[0].equal(found[2])
    assert torch.get_rng_state().equal(before)


def test_calibration_error_is_that_of_its_definition():
    sure = torch.tensor([0.6, 0.62, 0.9, 0.95])
    outputs = torch.stack([sure.log(), (1 - sure).log()], dim=1)
    target = torch.tensor([0, 1, 0, 0])  # of the first two one is right
    assert expected_error(outputs, target, 2) == pytest.approx(abs(0.75 - 0.7675), abs=1e-6)
    assert expected_error(torch.tensor([[30.0], [-30.0]]), torch.tensor([1, 0]), 15) == pytest.approx(0, abs=1e-9)
    assert expected_error(torch.tensor([[30.0], [-30.0]]), torch.tensor([0, 1]), 15) == pytest.approx(1, abs=1e-9)


def test_bins_are_of_equal_width():
    sure = torch.tensor([0.55, 0.65])  # two bins of ten, each off by its own
    outputs = torch.stack([sure.log(), (1 - sure).log()], dim=1)
    assert expected_error(outputs, torch.tensor([0, 1]), 10) == pytest.approx((0.45 + 0.65) / 2, abs=1e-6)
    assert expected_error(outputs, torch.tensor([0, 1]), 1) == pytest.approx(0.1, abs=1e-6)
