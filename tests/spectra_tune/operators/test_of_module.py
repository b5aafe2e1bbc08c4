"""The operators of a module: which there are, by what names, and their spectral norms against dense ones."""

import pytest
import torch
from torch import nn

from spectra_tune.errors import InvalidStudy
from spectra_tune.operators.of_layer import sized
from spectra_tune.operators.of_module import operators_of
from spectra_tune.operators.part import Part
from spectra_tune.operators.product import Product


def followed(operator):
    weights = [weight.detach().unsqueeze(0) for weight in operator.weights]
    gradients = [torch.zeros_like(weight) for weight in weights]
    one = operator.follow(weights, gradients)
    one()
    return one, [gradient[0] for gradient in gradients]


def check(operator, matrix_of):
    """sigma and its gradient are autograd's of the largest singular value of a matrix of the operator's weights."""
    sigma = torch.linalg.matrix_norm(matrix_of(*(weight.double() for weight in operator.weights)), 2)
    expected = torch.autograd.grad(sigma, operator.weights)
    one, gradients = followed(operator)
    assert one.sigma_M.item() == pytest.approx(sigma.item(), rel=1e-5)
    assert one.measured().item() == pytest.approx(sigma.item(), rel=1e-5)
    one.pull(torch.tensor([2.0]))
    for gradient, other in zip(gradients, expected, strict=True):
        torch.testing.assert_close(gradient, 2 * other, rtol=1e-3, atol=1e-4)


class Net(nn.Module):
    """Every kind of layer once."""

    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(11, 8)
        self.image = nn.Conv2d(1, 3, 3, padding=1)
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)
        self.cells = nn.LSTM(8, 6, batch_first=True)
        self.outer = nn.Linear(6, 2)

    def forward(self, x):
        hidden = self.table(x)
        hidden = hidden + self.image(hidden.unsqueeze(1)).mean(dim=1)
        hidden = self.attention(hidden, hidden, hidden)[0]
        return self.outer(self.cells(hidden)[0][:, -1])


HEADS = ["attention.qk.1", "attention.qk.2", "attention.ov.1", "attention.ov.2"]
GATES = [f"cells.weight_hh_l0.{gate}" for gate in ("input", "forget", "cell", "output")]


def test_the_default_is_every_layer_but_the_last_and_the_table():
    assert list(operators_of(Net())) == ["image", *HEADS, *GATES]


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["attention.qk"], HEADS[:2]),
        (["attention"], HEADS),
        (["cells"], GATES),
        (["cells.weight_ih_l0.cell", "table"], ["cells.weight_ih_l0.cell", "table"]),
        (["attention.out_proj", "attention.qk.2", "outer"], ["attention.out_proj", "attention.qk.2", "outer"]),
    ],
)
def test_names_say_layers_groups_and_single_maps(names, found):
    assert list(operators_of(Net(), names)) == found


@pytest.mark.parametrize(
    ("names", "says"),
    [
        (["imag"], "Net has no module 'imag' with a weight; did you mean 'image'"),
        (["attention.ov", "attention.out_proj"], "'attention.ov' and 'attention.out_proj' of Net share theirs"),
        (["attention", "attention.qk.1"], "a weight is regularized once"),
    ],
)
def test_an_unknown_or_shared_map_is_refused_in_one_line(names, says):
    with pytest.raises(InvalidStudy, match=says) as refused:
        operators_of(Net(), names)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("head", [1, 2])
def test_a_heads_maps_are_its_bilinear_form_and_what_it_writes(head):
    net = Net()
    operators = operators_of(net, ["attention"])
    rows = slice((head - 1) * 4, head * 4)

    def form(whole):
        query, key, _ = whole.split(8)
        return query[rows].T @ key[rows]

    def writes(out, whole):
        return out[:, rows] @ whole.split(8)[2][rows]

    check(operators[f"attention.qk.{head}"], form)
    check(operators[f"attention.ov.{head}"], writes)


def test_heads_of_keys_of_another_size_have_weights_of_their_own():
    attention = nn.MultiheadAttention(8, 2, kdim=5, vdim=3)
    net = nn.Sequential(attention, nn.Linear(8, 1))
    check(operators_of(net)["0.qk.2"], lambda query, key: query[4:].T @ key[4:])
    check(operators_of(net)["0.ov.1"], lambda out, value: out[:, :4] @ value[:4])


def test_a_product_of_norms_is_no_norm_of_the_product():
    """facts: 48.67 against 58.85, of standard normal weights; the form lies below the product of both norms."""
    generator = torch.Generator().manual_seed(0)
    query, key = (torch.randn(16, 64, generator=generator) for _ in range(2))
    one, _ = followed(Product(Part(query), Part(key)))
    form, product = torch.linalg.matrix_norm(query.T @ key, 2), 1.0
    for weight in (query, key):
        product *= torch.linalg.matrix_norm(weight, 2).item()
    assert one.sigma_M.item() == pytest.approx(form.item(), rel=1e-5)
    assert one.sigma_M.item() < 0.95 * product


def test_a_product_of_zeros_or_of_what_is_not_finite_disturbs_no_other():
    weights = torch.randn(4, 3, 5, generator=torch.Generator().manual_seed(0))
    weights[1] = 0
    weights[2, 0, 0] = torch.nan
    other, gradients = torch.ones(4, 3, 6), [torch.zeros(4, 3, 5), torch.zeros(4, 3, 6)]
    one = Product(Part(weights[0]), Part(other[0])).follow([weights, other], gradients)
    one()
    one.pull(torch.ones(4))
    assert one.sigma_M[1] == 0
    assert one.sigma_M.isnan().tolist() == [False, False, True, False]
    for gradient in gradients:
        assert gradient[[0, 1, 3]].isfinite().all()
        assert gradient[[0, 3]].any()


@pytest.mark.parametrize(
    ("layer", "gates"),
    [(nn.RNN(3, 5), 1), (nn.GRU(3, 5), 3), (nn.LSTM(3, 5), 4), (nn.GRUCell(3, 5), 3), (nn.RNNCell(3, 5), 1)],
    ids=["rnn", "gru", "lstm", "gru cell", "rnn cell"],
)
def test_every_gate_has_a_recurrent_matrix_of_its_own(layer, gates):
    operators = operators_of(nn.ModuleList([layer, nn.Linear(5, 1)]))
    assert len(operators) == gates
    for number, operator in enumerate(operators.values()):
        check(operator, lambda weight, number=number: weight[5 * number : 5 * number + 5])


def test_an_embedding_is_its_matrix():
    check(operators_of(Net(), ["table"])["table"], lambda weight: weight)


def test_a_parametrized_weight_is_pulled_by_way_of_what_computes_it():
    layer = nn.utils.parametrizations.weight_norm(nn.Linear(5, 4))
    operator = operators_of(nn.Sequential(layer, nn.Linear(4, 1)))["0"]
    sigma = torch.linalg.matrix_norm(layer.weight, 2)
    expected = torch.autograd.grad(sigma, operator.weights)
    one, gradients = followed(operator)
    assert one.sigma_M.item() == pytest.approx(sigma.item(), rel=1e-5)
    one.pull(torch.ones(1))
    for gradient, other in zip(gradients, expected, strict=True):
        torch.testing.assert_close(gradient, other, rtol=1e-3, atol=1e-5)
    with torch.no_grad():
        operator.weights[0].mul_(2)
    one()
    assert one.sigma_M.item() == pytest.approx(2 * sigma.item(), rel=1e-5)


class Images(nn.Module):
    def __init__(self, kind):
        super().__init__()
        self.kind, self.norm = kind, nn.BatchNorm2d(2)
        self.one, self.other = nn.Conv2d(1, 2, 3, padding=1), nn.Conv2d(2, 2, 3, stride=2)
        self.back = nn.ConvTranspose2d(2, 1, 3, stride=2)
        self.drop, self.outer = nn.Dropout(0.5), nn.Linear(30, 1)

    def forward(self, x):
        hidden = self.norm(self.one(x))
        if self.kind == "never":
            return self.outer(hidden.flatten(1)[:, :30])
        hidden = self.other(self.drop(hidden))
        if self.kind == "twice":
            self.other(hidden)
        return self.outer(self.back(hidden, output_size=(8, 9)).flatten(1)[:, :30])


def test_convolutions_have_the_size_that_a_forward_pass_sees_and_leave_no_trace():
    net = Images("once")
    before = {name: value.clone() for name, value in net.state_dict().items()}
    state = torch.get_rng_state()
    found = sized(operators_of(net), net, torch.zeros(1, 1, 8, 9))
    assert list(found) == ["one", "other", "back"]
    assert [operator.geometry.input_size for operator in found.values()] == [(8, 9), (8, 9), (3, 4)]
    assert found["back"].geometry.outputs == (1, 8, 9)
    assert net.training
    assert net.norm.training
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())
    assert not any(layer._forward_hooks for layer in net.modules())


@pytest.mark.parametrize(
    ("kind", "says"),
    [("never", "must run in a forward pass, 'other' does not"), ("twice", "'other' sees 8x9 and 3x4")],
)
def test_a_convolution_that_never_runs_or_runs_on_two_sizes_is_refused_in_one_line(kind, says):
    net = Images(kind)
    with pytest.raises(InvalidStudy, match=says) as refused:
        sized(operators_of(net), net, torch.zeros(1, 1, 8, 9))
    assert "\n" not in str(refused.value)
