"""Muon is torch.optim's on hidden matrices, and each of its updates has one spectral norm."""

from contextlib import nullcontext
from math import sqrt

import pytest
import torch

from spectra_tune.design import Condition, InvalidStudy
from spectra_tune.engine.in_turn.flat import FlatParameters
from spectra_tune.engine.in_turn.optimizers import optimizer_of
from spectra_tune.engine.members.hidden_matrices import hidden_matrices
from spectra_tune.engine.members.muon import STATE, Muon
from spectra_tune.networks import cnn, mlp, module, rnn, transformer
from tests.laws.kinds import Attends, Images, Singles, Tied, Tokens, task_of
from tests.tools.muon import muon_in_full_precision

RATES, DECAYS, STEPS = (0.1, 0.01, 0.003), (0.0, 0.02, 0.3), 6
SHAPES = [(8, 8), (24, 8), (8, 24), (12, 1)]


def drawn(shape, *purpose):
    return torch.randn(shape, generator=torch.Generator().manual_seed(hash(purpose) % 1000), dtype=torch.float64)


def torchs(shape, rate, decay):
    """torch.optim.Muon's own rate and decay that say ours: it never takes a wide matrix's rate back."""
    ratio = sqrt(shape[0] / shape[1]) / sqrt(max(1, shape[0] / shape[1]))
    weight = torch.nn.Parameter(drawn(shape, 0))
    optimizer = torch.optim.Muon([weight], lr=rate * ratio, weight_decay=decay / ratio)
    for step in range(STEPS):
        weight.grad = drawn(shape, 1, step)
        optimizer.step()
    return weight.detach()


@pytest.mark.parametrize(
    ("precision", "tolerance"), [(muon_in_full_precision, 1e-9), (nullcontext, 0.05)], ids=["alike", "as torch has it"]
)
@pytest.mark.parametrize("shape", SHAPES)
def test_a_stacked_step_is_torchs_for_each_members_own_rate_and_decay(shape, precision, tolerance):
    members = len(RATES)
    value = drawn(shape, 0).expand(members, *shape).clone()
    state = {name: torch.zeros_like(value) for name in STATE}
    step = Muon(state, [state["change"]])
    rate, decay = (
        torch.tensor(one, dtype=torch.float64).view(-1, 1, 1).expand_as(value).clone() for one in (RATES, DECAYS)
    )
    for number in range(STEPS):
        step(value, drawn(shape, 1, number).expand_as(value).clone(), rate, decay, number + 1)
    with precision():
        for member in range(members):
            known = torchs(shape, RATES[member], DECAYS[member])
            moved = (known - drawn(shape, 0)).norm()
            assert (value[member] - known).norm() <= tolerance * moved


@pytest.mark.parametrize("size", [1e-4, 1.0, 1e4])
@pytest.mark.parametrize("width", [16, 64])
def test_whatever_the_gradient_a_matrix_moves_by_one_spectral_norm_and_the_rest_as_adamw_would(width, size):
    network, task = mlp(width=width), Images()
    condition = Condition(task=task, network=network, optimizer="muon", learning_rate=0.02, weight_decay=0.1)
    built = network.build(task)
    flat = FlatParameters(built)
    ours = optimizer_of(condition, built, flat)
    before = {name: value.detach().clone() for name, value in built.named_parameters()}
    adamw = {name: torch.nn.Parameter(value.clone()) for name, value in before.items()}
    optimizer = torch.optim.AdamW(adamw.values(), lr=0.02, weight_decay=0.1)
    for name, value in built.named_parameters():
        gradient = size * torch.randn(value.shape, generator=torch.Generator().manual_seed(1))
        flat.gradient_of(value).copy_(gradient)
        adamw[name].grad = gradient
    ours.step()
    optimizer.step()
    for name, value in built.named_parameters():
        if name == "layer_2.weight":
            update = value.detach() - before[name] * (1 - 0.02 * 0.1)
            sigmas = torch.linalg.svdvals(update) / 0.02
            assert 0.9 < sigmas[0] < 1.3
        else:
            torch.testing.assert_close(value.detach(), adamw[name].detach(), rtol=1e-5, atol=1e-7)


def names(network, task):
    return [(name, rows.stop - rows.start) for name, rows in hidden_matrices(network, network.build(task))]


def test_hidden_matrices_lie_between_the_first_layer_and_the_last():
    assert names(mlp(width=8, depth=3), Images()) == [("layer_2.weight", 8), ("layer_3.weight", 8)]
    assert names(mlp(width=8, norm="layer"), Images()) == [("layer_2.weight", 8)]
    assert names(rnn(width=6), Singles()) == [("recurrent.weight_hh_l0", 6)]
    gates = [("recurrent.weight_ih_l0", 6)] * 3 + [("recurrent.weight_hh_l0", 6)] * 3
    assert names(rnn(width=6, cell="gru"), Tokens()) == gates
    assert names(cnn(channels=4), Images())[0][0] == "head.weight"
    found = [name for name, _ in names(transformer(width=8, depth=1), Tokens())]
    parts = ("attention.query", "attention.key", "attention.value", "attention.out", "perceptron.up", "perceptron.down")
    assert found == [f"block.1.{part}.weight" for part in parts]


@pytest.mark.parametrize(
    ("network", "task"), [(mlp(width=8, depth=1), Images()), (cnn(channels=4, head=None), Images())]
)
def test_a_network_without_a_hidden_matrix_is_refused(network, task):
    with pytest.raises(InvalidStudy, match="'muon' needs a matrix between the first layer and the last"):
        names(network, task)


def test_packed_and_shared_weights_count_once_and_each_map_by_itself():
    for net in (Attends, Tied):
        network = module(net, hidden=8)
        built = network.build(task_of(network))
        found = hidden_matrices(network, built)
        assert len(found) == len({(name, rows.start) for name, rows in found})
        assert all((rows.stop - rows.start) == 8 or "in_proj" not in name for name, rows in found)
