"""What the networks of images, sequences and graphs compute, beside torch's own layers and written-out formulas."""

import numpy
import pytest
import torch
from torch import nn

from spectra_tune import tasks
from spectra_tune.design.signature import canonical, digest
from spectra_tune.engine.members.generators import seeded
from spectra_tune.errors import InvalidStudy
from spectra_tune.networks import cnn, gcn, mlp, rnn, transformer
from spectra_tune.networks.layers.attention import Attention
from tests.laws.kinds import Counting, Images, Ring, Singles, Tokens, x_of


def built(network, task):
    with seeded(0):
        return network.build(task).eval()


@pytest.mark.parametrize("causal", [False, True])
def test_attention_is_torchs_own(causal):
    with seeded(0):
        ours, theirs = Attention(12, 3, causal), nn.MultiheadAttention(12, 3, batch_first=True)
    inputs = (ours.query, ours.key, ours.value)
    theirs.load_state_dict(
        {
            "in_proj_weight": torch.cat([one.weight.detach() for one in inputs]),
            "in_proj_bias": torch.cat([one.bias.detach() for one in inputs]),
            "out_proj.weight": ours.out.weight,
            "out_proj.bias": ours.out.bias,
        }
    )
    x = torch.randn(4, 5, 12, generator=torch.Generator().manual_seed(1))
    mask = nn.Transformer.generate_square_subsequent_mask(5) if causal else None
    outputs, weights = theirs(x, x, x, attn_mask=mask, average_attn_weights=False)
    torch.testing.assert_close(ours(x), outputs)
    torch.testing.assert_close(ours.attention_weights(x), weights)


@pytest.mark.parametrize("norm", ["pre", "post", None])
def test_a_causal_encoder_sees_no_token_behind_a_position(norm):
    one = built(transformer(width=8, norm=norm), Counting())
    x = x_of(Counting(), 6)
    changed = x.clone()
    changed[:, 2] = (x[:, 2] + 1) % 7
    before, after = one(x), one(changed)
    assert torch.equal(before[:, :2], after[:, :2])
    assert not torch.equal(before[:, 2], after[:, 2])
    assert not torch.equal(before[:, 3], after[:, 3])


def test_an_encoder_that_is_not_causal_sees_all_positions_and_their_order():
    one = built(transformer(width=8), Tokens())
    x = x_of(Tokens(), 6)
    assert not torch.allclose(one(x), one(x.flip(1)))
    for position in range(5):
        changed = x.clone()
        changed[:, position] = (x[:, position] + 1) % 11
        assert (one(x) != one(changed)).any(dim=1).all()


@pytest.mark.parametrize("cell", ["tanh", "gru", "lstm"])
def test_an_orthogonal_start_is_the_recurrent_matrix_of_each_gate_and_nothing_else(cell):
    drawn, torchs = (
        dict(built(rnn(width=6, cell=cell, init=init), Singles()).named_parameters())
        for init in ("orthogonal", "linear")
    )
    for gate in drawn["recurrent.weight_hh_l0"].detach().split(6):
        torch.testing.assert_close(gate @ gate.T, torch.eye(6), atol=1e-5, rtol=0)
    assert [name for name in drawn if not torch.equal(drawn[name], torchs[name])] == ["recurrent.weight_hh_l0"]
    assert digest(rnn(width=6, cell=cell, init="linear")) == digest(rnn(width=6, cell=cell))
    assert "init" not in canonical(rnn(width=6, cell=cell))


def test_residuals_and_norms_stand_where_they_are_said_to():
    x = torch.rand(3, 6, 6, generator=torch.Generator().manual_seed(2))
    plain = built(cnn(channels=4, residual=True), Images())
    stage = plain.stage[0]
    below = torch.relu(stage.conv(x.unsqueeze(1)))
    expected = nn.functional.max_pool2d(below + torch.relu(stage.again(below)), 2)
    torch.testing.assert_close(stage(x.unsqueeze(1)), expected)
    assert [tuple(one.weight.shape[:2]) for one in (plain.stage[0].conv, plain.stage[1].conv)] == [(4, 1), (8, 4)]
    assert plain.head.in_features == 8 * 3 * 3  # 6 is halved once, 3 is too small
    normed = built(cnn(channels=4, norm="group"), Images())
    assert isinstance(normed.stage[0].norm, nn.GroupNorm)
    assert isinstance(built(cnn(channels=4, norm="batch"), Images()).stage[0].norm, nn.BatchNorm2d)
    assert built(cnn(channels=4, head=None), Images()).last.in_features == 8
    perceptron = built(mlp(width=5, norm="layer", dropout=0.5), Singles())
    kinds = ["Flatten", *["Linear", "LayerNorm", "ReLU", "Dropout"] * 2, "Linear"]
    assert [type(one).__name__ for one in perceptron] == kinds


def test_colours_are_channels():
    one = built(cnn(channels=4), tasks.arrays(numpy.zeros((60, 3, 8, 8), numpy.uint8), numpy.arange(60) % 2))
    assert one.stage[0].conv.in_channels == 3
    assert one(torch.rand(2, 3, 8, 8)).shape == (2, 1)


@pytest.mark.parametrize("residual", [False, True])
def test_a_graph_networks_layers_are_the_formula_of_dense_matrices(residual):
    """Kipf & Welling 2017: relu(D^-1/2 (A + I) D^-1/2 H W)."""
    task = Ring()
    one = built(gcn(width=6, depth=3, residual=residual), task).double()
    adjacent = torch.eye(40, dtype=torch.float64)
    for here, there in task.graph.edges:
        adjacent[here, there] = adjacent[there, here] = 1
    mixing = adjacent / (adjacent.sum(0)[:, None] * adjacent.sum(0)[None, :]).sqrt()
    hidden = torch.relu(one.layer_1(mixing @ torch.tensor(task.graph.features, dtype=torch.float64)))
    for layer in (one.layer_2, one.layer_3):
        mixed = torch.relu(layer(mixing @ hidden))
        hidden = hidden + mixed if residual else mixed
    asked = torch.tensor([[3], [39], [3]])
    torch.testing.assert_close(one(asked), one.last(hidden[asked[:, 0]]), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("cell", ["tanh", "gru", "lstm"])
def test_a_recurrent_network_reads_to_the_end_and_gives_what_each_position_may_know(cell):
    last = built(rnn(width=6, cell=cell), Singles())
    x = torch.randn(4, 3, 2, generator=torch.Generator().manual_seed(3))
    for position in range(3):
        changed = x.clone()
        changed[:, position] += 1
        assert (last(x) != last(changed)).any(dim=1).all()
    each = built(rnn(width=6, cell=cell), Counting())
    tokens = x_of(Counting(), 4)
    changed = tokens.clone()
    changed[:, 2] = (tokens[:, 2] + 1) % 7
    assert torch.equal(each(tokens)[:, :2], each(changed)[:, :2])
    assert not torch.equal(each(tokens)[:, 2], each(changed)[:, 2])


@pytest.mark.parametrize(
    ("network", "task", "says"),
    [
        (cnn(channels=4), tasks.moons(samples=40), r"needs images, .* moons\(samples=40\) has \(2,\)"),
        (cnn(channels=4), Tokens(), "needs images"),
        (transformer(width=8), tasks.moons(samples=40), "a transformer needs sequences"),
        (rnn(width=8), Ring(), "a recurrent network needs sequences"),
        (gcn(width=8), Singles(), "needs a task with a graph"),
        (transformer(width=8, causal=False), Counting(), "must be causal, got causal=False"),
    ],
)
def test_a_network_refuses_data_that_it_is_not_for(network, task, says):
    with pytest.raises(InvalidStudy, match=says):
        built(network, task)


@pytest.mark.parametrize(
    ("constructor", "given", "says"),
    [
        (cnn, {"channels": 0}, "channels"),
        (cnn, {"channels": 4, "kernel": 4}, "kernel must be odd, .* got 4"),
        (cnn, {"channels": 4, "norm": "layer"}, "no norm is called 'layer'"),
        (cnn, {"channels": 4, "head": 0}, "head"),
        (transformer, {"width": 8, "heads": 3}, "width must be a multiple of heads, got 8 and 3"),
        (transformer, {"width": 8, "norm": "batch"}, "no norm is called 'batch'"),
        (rnn, {"width": 8, "cell": "gruu"}, "no cell is called 'gruu'; did you mean 'gru'"),
        (gcn, {"width": 8, "residual": "yes"}, "residual"),
        (mlp, {"width": 8, "norm": "group"}, "no norm is called 'group'"),
        (mlp, {"width": 8, "dropout": 1.0}, "dropout must be a share below 1, got 1"),
    ],
)
def test_an_impossible_network_is_refused(constructor, given, says):
    with pytest.raises(InvalidStudy, match=says):
        constructor(**given)
