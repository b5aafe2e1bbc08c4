"""Spectra of operators: every singular value is that of the dense matrix, and sizes are known where values are not."""

from types import SimpleNamespace

import pytest
import torch
from torch import nn

from spectra_tune.operators.dense import Matrix
from spectra_tune.operators.of_layer import sized
from spectra_tune.operators.of_module import operators_of
from spectra_tune.operators.part import Part
from spectra_tune.operators.product import Product
from spectra_tune.operators.spectrum import NORM_ERROR, parts_of, spectrum
from tests.spectra_tune.operators.test_convolution import EVERY, LAYERS, dense, drawn, operator

pytestmark = pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths")


def values(one, most=4096):
    found = spectrum(one, most)
    assert found.value_K is not None
    assert found.norm == found.value_K[0]
    torch.testing.assert_close(torch.linalg.vector_norm(found.value_K), found.value_K.new_tensor(found.frobenius))
    return found.value_K


@EVERY
def test_a_convolutions_values_are_those_of_its_dense_matrix(name):
    layer, size = LAYERS[name]
    weight = drawn(layer)
    known = torch.linalg.svdvals(dense(layer, weight, size))
    torch.testing.assert_close(values(operator(layer, weight, size)), known, rtol=1e-7, atol=1e-6)


@EVERY
def test_where_values_are_too_many_the_norm_is_followed_and_the_frobenius_norm_counted(name):
    layer, size = LAYERS[name]
    weight = drawn(layer)
    matrix = dense(layer, weight, size)
    found = spectrum(operator(layer, weight, size), 1)
    assert found.value_K is None
    assert found.norm == pytest.approx(float(torch.linalg.matrix_norm(matrix, 2)), rel=NORM_ERROR)
    assert found.frobenius == pytest.approx(float(matrix.norm()), rel=1e-12)


@pytest.mark.parametrize(
    "layer",
    [
        nn.Conv2d(2, 3, 5, padding=2, padding_mode="circular"),
        nn.Conv2d(4, 2, 3, dilation=2, padding=2, groups=2, padding_mode="circular"),
    ],
    ids=["wide", "dilated"],
)
def test_a_kernel_around_a_circular_image_adds_up_where_it_meets_itself(layer):
    size = (3, 4)
    weight = drawn(layer)
    known = torch.linalg.svdvals(dense(layer, weight, size))
    one = operator(layer, weight, size)
    torch.testing.assert_close(values(one), known, rtol=1e-9, atol=1e-12)
    assert spectrum(one, 1).frobenius == pytest.approx(float(known.norm()), rel=1e-12)


@pytest.mark.parametrize("scale", [0.0, 1e-200, 1e200])
def test_a_kernels_values_neither_vanish_nor_overflow(scale):
    layer, size = LAYERS["zeros"]
    weight = drawn(layer)
    once, scaled = (spectrum(operator(layer, by * weight, size), 4096) for by in (1.0, scale))
    assert scaled.norm == pytest.approx(scale * once.norm, rel=1e-12)
    assert scaled.frobenius == pytest.approx(scale * once.frobenius, rel=1e-12)


@pytest.mark.parametrize("shape", [(3, 9, 7), (5, 4, 8)], ids=str)
def test_a_product_has_the_values_of_its_matrix_and_no_more_than_the_smallest_side(shape):
    head, one, other = shape
    generator = torch.Generator().manual_seed(0)
    left, right = (torch.randn(head, side, generator=generator, dtype=torch.float64) for side in (one, other))
    known = torch.linalg.svdvals(left.T @ right)[: min(shape)]
    torch.testing.assert_close(values(Product(Part(left), Part(right))), known)


def test_heads_gates_and_computed_weights_are_the_maps_that_they_are():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.attention, self.cells = nn.MultiheadAttention(8, 2), nn.GRU(8, 6)
            self.normed = nn.utils.parametrizations.weight_norm(nn.Conv1d(6, 5, 3, padding=1))
            self.outer = nn.Linear(5, 2)

        def forward(self, x):
            hidden = self.cells(self.attention(x, x, x)[0])[0]
            return self.outer(self.normed(hidden.movedim(0, 2)).mean(dim=2))

    net = Net().double()
    found = sized(operators_of(net), net, torch.randn(7, 2, 8, dtype=torch.float64))
    query, key, value = net.attention.in_proj_weight.detach().split(8)
    second = slice(4, 8)
    known = {
        "attention.qk.2": query[second].T @ key[second],
        "attention.ov.2": net.attention.out_proj.weight.detach()[:, second] @ value[second],
        "cells.weight_hh_l0.update": net.cells.weight_hh_l0.detach()[6:12],
        "normed": dense(nn.Conv1d(6, 5, 3, padding=1).double(), net.normed.weight.detach(), (7,)),
    }
    for name, matrix in known.items():
        value_K = values(found[name])
        expected = torch.linalg.svdvals(matrix)[: len(value_K)]
        torch.testing.assert_close(value_K, expected, rtol=1e-7, atol=1e-7)
    assert [part.rows for part in parts_of(found["cells.weight_hh_l0.update"])] == [slice(6, 12)]
    assert len(parts_of(found["attention.qk.2"])) == 2


def test_an_operator_of_ones_own_has_the_norm_that_it_is_followed_by():
    weight = torch.diag(torch.tensor([3.0, 1.0], dtype=torch.float64))
    own = SimpleNamespace(weights=(weight,), follow=Matrix(weight).follow)
    assert spectrum(own, 4096) == (3.0, None, None)
