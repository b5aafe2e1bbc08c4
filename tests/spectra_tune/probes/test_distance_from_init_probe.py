"""The distance-from-init probe: known distances, relative to the start."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from spectra_tune.operators.of_module import operators_of
from tests.tools.probed import drawn, measured, one, perceptron, stacked, with_parameters


def test_what_has_not_moved_is_at_distance_zero_exactly():
    readings = measured("distance_from_init", drawn(perceptron(), moved=0.0))
    assert list(readings) == [*(f"distance_from_init_{layer}" for layer in (1, 2, 3)), "distance_from_init"]
    assert all((reading.values == 0.0).all() for reading in readings.values())


def test_distances_are_relative_to_the_start():
    probed = drawn(perceptron(), members=1, moved=0.0)
    tripled = measured(
        "distance_from_init", with_parameters(probed, layer_2__weight=3 * probed.initial[0]["layer_2.weight"][None])
    )
    assert [one(tripled[f"distance_from_init_{layer}"]) for layer in (1, 3)] == [0.0, 0.0]
    assert one(tripled["distance_from_init_2"]) == pytest.approx(2.0)
    whole = torch.cat([value.flatten() for value in probed.initial[0].values()]).norm()
    expected = 2 * probed.initial[0]["layer_2.weight"].norm() / whole
    assert one(tripled["distance_from_init"]) == pytest.approx(expected.item(), rel=1e-6)


def test_a_start_at_zero_has_no_relative_distance():
    probed = drawn(perceptron(), members=1)
    start = probed.initial[0]
    initial = start | {"layer_1.weight": torch.zeros_like(start["layer_1.weight"])}
    readings = measured("distance_from_init", replace(probed, initial=[initial]))
    assert "started at zero" in readings["distance_from_init_1"].reasons[0]
    assert one(readings["distance_from_init"]) > 0


def test_a_gate_is_its_rows_and_a_head_its_queries_and_keys():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.cells, self.attention = nn.GRU(2, 4, batch_first=True), nn.MultiheadAttention(4, 2, batch_first=True)
            self.outer = nn.Linear(4, 1)

        def forward(self, x):
            hidden = self.cells(x.unsqueeze(1))[0]
            return self.outer(self.attention(hidden, hidden, hidden)[0][:, 0])

    probed = drawn(Net, members=1, moved=0.0, regularized=operators_of)
    gates, rows = stacked(probed, "cells.weight_hh_l0").clone(), stacked(probed, "attention.in_proj_weight").clone()
    gates[:, 4:8] *= 3  # update
    rows[:, 2:4] *= 2  # the second head's queries
    readings = measured(
        "distance_from_init",
        with_parameters(probed, cells__weight_hh_l0=gates, attention__in_proj_weight=rows),
    )
    found = {name.removeprefix("distance_from_init_"): one(of) for name, of in readings.items()}
    queries, keys = (probed.initial[0]["attention.in_proj_weight"][place : place + 2].norm() for place in (2, 6))
    assert found.pop("distance_from_init") > 0
    assert found.pop("cells.weight_hh_l0.update") == pytest.approx(2.0)
    assert found.pop("attention.qk.2") == pytest.approx(float(queries / (queries**2 + keys**2).sqrt()), rel=1e-6)
    assert set(found.values()) == {0.0}
