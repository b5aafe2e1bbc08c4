"""Every optimizer's stacked step, and its step in turn, is torch.optim's."""

import pytest
import torch

from spectra_tune.design.condition import MUON, OPTIMIZERS
from spectra_tune.engine.in_turn import optimizers as in_turn
from spectra_tune.engine.in_turn.flat import FlatParameters
from spectra_tune.engine.stacked import optimizers as stacked

TORCH = {
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
    "sgd": lambda values, **given: torch.optim.SGD(values, momentum=0.9, **given),
    "rmsprop": torch.optim.RMSprop,
}
"""With their own defaults."""

RATES, DECAYS = (0.1, 0.01, 0.003), (0.0, 0.02, 0.3)
STEPS = 12


def gradient(value, step):
    """Of a loss that moves and that no number likes to stay at."""
    return torch.sin(3 * value) + 0.1 * value + 0.3 * torch.cos(torch.tensor(float(step)))


def start():
    return torch.randn(64, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def rate_at(rate, step):
    return rate * (1 - step / STEPS)


def expected(name, rate, decay):
    value = torch.nn.Parameter(start())
    optimizer = TORCH[name]([value], lr=rate, weight_decay=decay)
    for step in range(STEPS):
        optimizer.param_groups[0]["lr"] = rate_at(rate, step)
        value.grad = gradient(value.detach(), step)
        optimizer.step()
    return value.detach()


def test_every_optimizer_is_implemented_both_ways():
    assert set(OPTIMIZERS) - {MUON} == set(stacked.OPTIMIZERS) == set(in_turn.OPTIMIZERS) == set(TORCH)


@pytest.mark.parametrize("decays", [DECAYS, None], ids=["decay", "none"])
@pytest.mark.parametrize("name", TORCH)
def test_a_stacked_step_is_torchs_for_each_members_own_rate_and_decay(name, decays):
    step, names = stacked.OPTIMIZERS[name]
    value = start().repeat(len(RATES))
    state = {key: torch.zeros_like(value) for key in names}
    decay = None if decays is None else torch.tensor(decays, dtype=torch.float64).repeat_interleave(64)
    for number in range(STEPS):
        rate = torch.tensor([rate_at(one, number) for one in RATES], dtype=torch.float64).repeat_interleave(64)
        step(value, gradient(value, number), state, rate, decay, number + 1)
    for member, found in enumerate(value.split(64)):
        known = expected(name, RATES[member], 0.0 if decays is None else decays[member])
        torch.testing.assert_close(found, known, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(("rate", "decay"), list(zip(RATES, DECAYS, strict=True)))
@pytest.mark.parametrize("name", TORCH)
def test_a_step_in_turn_on_one_flat_tensor_is_torchs_on_each_parameter(name, rate, decay):
    module = torch.nn.ParameterList([part.clone() for part in start().split([40, 3, 21])])
    flat = FlatParameters(module)
    optimizer = in_turn.OPTIMIZERS[name]([flat.value], rate, decay)
    for step in range(STEPS):
        optimizer.param_groups[0]["lr"] = rate_at(rate, step)
        flat.gradient.zero_()
        for value in module:
            flat.gradient_of(value).add_(gradient(value.detach(), step))
        optimizer.step()
    found = torch.cat([value.detach() for value in module])
    torch.testing.assert_close(found, expected(name, rate, decay), rtol=1e-10, atol=1e-12)


def test_flat_parameters_are_each_once_and_without_those_that_are_not_trained():
    module = torch.nn.Sequential(torch.nn.Linear(3, 3), torch.nn.Linear(3, 3), torch.nn.Linear(3, 3))
    module[1].weight = module[0].weight
    module[2].requires_grad_(False)
    fixed = module[2].weight.clone()
    flat = FlatParameters(module)
    assert flat.value.numel() == 9 + 3 + 3
    with torch.no_grad():
        flat.value.fill_(2.0)
    assert (module[1].weight == 2).all()
    assert (module[0].bias == 2).all()
    assert torch.equal(module[2].weight, fixed)
    module(torch.ones(2, 3)).sum().backward()
    assert flat.gradient.view(-1).any()
    assert torch.equal(flat.gradient_of(module[0].weight), module[1].weight.grad)
    assert flat.finite()
    flat.value.data[3] = torch.nan
    assert not flat.finite()
