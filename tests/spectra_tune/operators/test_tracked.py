import io
from dataclasses import asdict, astuple

import pytest
import torch

from spectra_tune.operators.tracked import RitzState, top_singular_value_tracked


def largest(weight_OI):
    return torch.linalg.svdvals(weight_OI.double())[0].item()


def relative_error(sigma, weight_OI):
    return abs(sigma.item() / largest(weight_OI) - 1)


def gaussian(out_features, in_features, seed):
    weight_OI = torch.randn(out_features, in_features, generator=torch.Generator().manual_seed(seed))
    return weight_OI / in_features**0.5


def follow(weights, state):
    """The results of all calls, and the last state."""
    results = []
    for weight_OI in weights:
        *result, state = top_singular_value_tracked(weight_OI, state)
        results.append(result)
    return results, state


def drifting(seed, steps=6, shape=(257, 193)):
    """A weight of odd sides that moves by 1e-3 per entry and step."""
    generator = torch.Generator().manual_seed(seed)
    weight_OI = gaussian(*shape, seed)
    return [weight_OI + 1e-3 * step * torch.randn(shape, generator=generator).sign() for step in range(steps)]


def same_bits(results, others):
    return all(torch.equal(a, b) for pair in zip(results, others, strict=True) for a, b in zip(*pair, strict=True))


@pytest.mark.parametrize("shape", [(256, 256), (320, 160), (160, 320)], ids=str)
@pytest.mark.parametrize("learning_rate", [1e-1, 1e-3, 3e-4])
def test_sigma_stays_within_a_thousandth_while_its_own_gradient_trains_the_weight(shape, learning_rate):
    generator = torch.Generator().manual_seed(2)
    input_NI = torch.randn(64, shape[1], generator=generator)
    output_NO = torch.randn(64, shape[0], generator=generator)
    weight_OI = (2**0.5 * gaussian(*shape, seed=3)).requires_grad_()
    adam = torch.optim.Adam([weight_OI], lr=learning_rate)
    state = RitzState.fresh(*shape)
    steps = 50
    for step in range(steps):
        sigma, u_O, v_I, state = top_singular_value_tracked(weight_OI, state)
        assert relative_error(sigma, weight_OI.detach()) <= 1e-3
        torch.testing.assert_close(u_O @ weight_OI.detach() @ v_I, sigma, rtol=1e-5, atol=0)
        torch.testing.assert_close(torch.stack((u_O.norm(), v_I.norm())), torch.ones(2))
        adam.zero_grad()
        torch.nn.functional.mse_loss(torch.relu(input_NI @ weight_OI.T), output_NO).backward()
        weight_OI.grad.addr_(u_O, v_I, alpha=2 * (sigma.item() - 2.5 + 1.5 * step / steps))
        adam.step()
    assert state.calls == steps
    assert state.fallbacks <= 1


def test_sigma_is_right_before_at_and_after_a_crossing_of_the_two_largest():
    left, _ = torch.linalg.qr(gaussian(256, 200, seed=0))
    right, _ = torch.linalg.qr(gaussian(200, 200, seed=1))
    state = RitzState.fresh(256, 200)
    for second in (0.9, 0.97, 0.999, 1.0, 1.001, 1.05, 1.2):
        values = torch.linspace(0.85, 0.1, 200)
        values[:2] = torch.tensor([1.0, second])
        weight_OI = left * values @ right.T
        sigma, u_O, v_I, state = top_singular_value_tracked(weight_OI, state)
        assert sigma.item() == pytest.approx(max(1.0, second), rel=1e-4)
        torch.testing.assert_close(weight_OI @ v_I, sigma * u_O, rtol=0, atol=2e-2)
    assert state.fallbacks == 0


@pytest.mark.parametrize(
    "weight_OI", [torch.eye(160), torch.ones(200, 160), torch.zeros(160, 200)], ids=["identity", "ones", "zeros"]
)
def test_exactly_degenerate_weights_are_followed(weight_OI):
    results, _ = follow([weight_OI] * 8, RitzState.fresh(*weight_OI.shape))
    for sigma, u_O, v_I in results:
        assert sigma.item() == pytest.approx(largest(weight_OI), rel=1e-5)
        assert u_O.isfinite().all()
        assert v_I.isfinite().all()


def test_a_saved_and_restored_state_continues_with_equal_bits():
    weights = drifting(seed=4)
    uninterrupted, last = follow(weights, RitzState.fresh(257, 193))
    first, state = follow(weights[:3], RitzState.fresh(257, 193))
    file = io.BytesIO()
    torch.save(asdict(state), file)
    file.seek(0)
    second, restored = follow(weights[3:], RitzState(**torch.load(file)))
    assert same_bits(uninterrupted, first + second)
    assert all(torch.equal(a, b) for a, b in zip(astuple(last), astuple(restored), strict=True))


def test_a_member_has_equal_bits_alone_and_in_every_slot():
    weights = drifting(seed=5)
    alone, _ = follow(weights, RitzState.fresh(257, 193))
    for slot in range(3):
        stacks = [torch.stack([weight_OI if m == slot else weight_OI + m for m in range(3)]) for weight_OI in weights]
        others = [follow([stack[m] for stack in stacks], RitzState.fresh(257, 193))[0] for m in range(3)]
        assert same_bits(alone, others[slot])


def test_a_call_leaves_its_state_and_weight_as_they_were():
    weight_OI = gaussian(160, 160, seed=6)
    *_, state = top_singular_value_tracked(weight_OI, RitzState.fresh(160, 160))
    before = [tensor.clone() for tensor in (weight_OI, *astuple(state))]
    top_singular_value_tracked(weight_OI, state)
    assert all(torch.equal(a, b) for a, b in zip(before, (weight_OI, *astuple(state)), strict=True))


def test_a_check_finds_what_the_residuals_let_pass_and_counts_a_fallback(monkeypatch):
    monkeypatch.setattr("spectra_tune.operators.tracked.TOLERANCE", 1.0)
    monkeypatch.setattr("spectra_tune.operators.tracked.RESIDUAL_TOLERANCE", 1.0)
    weights = [gaussian(256, 256, seed) for seed in range(9)]  # no call helps the next
    results, state = follow(weights, RitzState.fresh(256, 256))
    errors = [relative_error(result[0], weight_OI) for result, weight_OI in zip(results, weights, strict=True)]
    assert min(errors[1:8]) > 1e-3
    assert errors[8] <= 1e-5
    assert state.fallbacks == 1


def test_a_fallback_is_counted_and_exact_when_the_followed_space_does_not_converge(monkeypatch):
    monkeypatch.setattr("spectra_tune.operators.tracked.EXPANSIONS", 1)
    other = gaussian(256, 256, seed=8)
    _, state = follow([gaussian(256, 256, seed=7)], RitzState.fresh(256, 256))
    results, state = follow([other], state)
    assert relative_error(results[0][0], other) <= 1e-5
    assert state.fallbacks == 1


def test_a_weight_replaced_by_another_is_followed_or_counted():
    other = gaussian(256, 256, seed=8)
    _, state = follow([gaussian(256, 256, seed=7)], RitzState.fresh(256, 256))
    results, _ = follow([other], state)
    assert relative_error(results[0][0], other) <= 1e-3


@pytest.mark.parametrize("value", [torch.nan, torch.inf, 1e30])
@pytest.mark.parametrize("calls", [0, 2])
def test_a_non_finite_weight_gets_nan_and_leaves_the_state(value, calls):
    weights = drifting(seed=9, steps=3)
    _, state = follow(weights[:calls], RitzState.fresh(257, 193))
    broken = weights[-1].clone()
    broken[3, 5] = value
    sigma, u_O, v_I, after = top_singular_value_tracked(broken, state)
    assert sigma.isnan()
    assert u_O.isnan().all()
    assert v_I.isnan().all()
    assert (u_O.shape, v_I.shape) == ((257,), (193,))
    assert after is state
