"""The boundary probe: known decisions, refined against full grids, and a reason where there is no number."""

from dataclasses import replace
from types import SimpleNamespace

import numpy
import pytest
import torch
from torch import nn

from spectra_tune.design import Block, Condition, Treatment
from spectra_tune.engine import BlockTraining
from spectra_tune.geometry.boxes import CELLS, boundary_cells, labels_on_grid
from spectra_tune.networks import mlp
from spectra_tune.objectives import objective_of
from spectra_tune.probes import boundary
from spectra_tune.probes.probe_input import NOT_FINITE, ProbeInput
from spectra_tune.tasks import checkerboard, moons, spirals

QUANTITIES = {f"boundary_{name}" for name in ("dimension", "dimension_se", "length")} | {
    f"boundary_{kind}_{end}" for kind in ("slope", "scale") for end in ("smallest", "largest")
}


class Disc(nn.Module):
    """A logit that is positive within `radius` of the origin."""

    def __init__(self):
        super().__init__()
        self.radius = nn.Parameter(torch.ones(()))

    def forward(self, x):
        return self.radius**2 - (x**2).sum(dim=1, keepdim=True)


class Stripes(nn.Module):
    """Logits of three classes, each the largest in a stripe along the second feature."""

    def __init__(self):
        super().__init__()
        self.centre = nn.Parameter(torch.zeros(3))

    def forward(self, x):
        return -((x[:, :1] - self.centre) ** 2)


def probed(module, *, low=(-2.0, -2.0), high=(2.0, 2.0), classes=2, **parameters) -> ProbeInput:
    (members,) = {len(values) for values in parameters.values()}
    states = [{name: torch.tensor(values[member]) for name, values in parameters.items()} for member in range(members)]
    return ProbeInput(
        module=module,
        states=states,
        initial=states,
        regularized=lambda _: {},
        x=torch.zeros(5, len(low)),
        target=torch.zeros(5, dtype=torch.int64),
        objective=objective_of(SimpleNamespace(classes=classes)),
        low_F=numpy.array(low),
        high_F=numpy.array(high),
    )


def trained(task, width, epochs) -> ProbeInput:
    """Two members of a perceptron, trained on the task, within the bounds of its test data."""
    condition = Condition(task=task, network=mlp(width=width), epochs=epochs)
    training = BlockTraining(Block(condition=condition, arms={"none": Treatment.none()}, seeds=range(2)))
    while not training.finished:
        training.advance()
    (trainer,) = training._trainers
    x, y = task.draw("test", 0)
    return ProbeInput(
        module=trainer.module(),
        states=trainer.states(),
        initial=trainer.states(),
        regularized=condition.network.regularized,
        x=torch.tensor(x),
        target=torch.tensor(y),
        objective=objective_of(task),
        low_F=x.min(axis=0),
        high_F=x.max(axis=0),
    )


def test_a_disc_has_its_circumference_and_dimension_one():
    found = boundary.measure(probed(Disc(), radius=[1.5, 1.8]))
    assert set(found) == QUANTITIES
    assert all(reading.reasons == (None, None) for reading in found.values())
    value = {name: reading.values for name, reading in found.items()}
    assert value["boundary_length"] == pytest.approx(2 * numpy.pi * numpy.array([1.5, 1.8]), rel=0.003)
    assert value["boundary_dimension"] == pytest.approx(1.02, abs=0.01)
    assert value["boundary_scale_smallest"] == pytest.approx(4 * 4 / CELLS)
    assert value["boundary_scale_largest"] == pytest.approx(64 * 4 / CELLS)
    assert (value["boundary_slope_smallest"] <= value["boundary_dimension"]).all()
    assert (value["boundary_dimension"] <= value["boundary_slope_largest"]).all()


def test_of_several_logits_the_largest_decides():
    found = boundary.measure(probed(Stripes(), classes=3, centre=[[-1.0, 0.0, 1.0]]))
    assert found["boundary_length"].values == pytest.approx([8.0], rel=1e-3)  # two lines of 4
    assert found["boundary_dimension"].values == pytest.approx([1.0], abs=0.01)


def test_without_a_boundary_where_the_data_are_each_quantity_has_a_reason():
    found = boundary.measure(probed(Disc(), radius=[9.0, 1.0, float("nan")]))
    for reading in found.values():
        assert numpy.isfinite(reading.values).tolist() == [False, True, False]
        assert "there is no boundary" in reading.reasons[0]
        assert reading.reasons[2] == NOT_FINITE


def test_an_island_has_a_length_but_no_dimension():
    found = boundary.measure(probed(Disc(), radius=[0.1]))
    assert found["boundary_length"].values == pytest.approx([2 * numpy.pi * 0.1], rel=0.02)
    assert "no range of scales" in found["boundary_dimension"].reasons[0]


def test_outputs_that_overflow_are_a_reason():
    found = boundary.measure(probed(Disc(), radius=[1.0], low=(-1e200, -1.0), high=(1e200, 1.0)))
    for reading in found.values():
        assert reading.reasons == ("its outputs are not all finite where the data are",)


def test_three_features_have_no_plane():
    found = boundary.measure(probed(Disc(), radius=[1.0], low=(-1.0,) * 3, high=(1.0,) * 3))
    assert set(found) == QUANTITIES
    assert all("two features, the task has 3" in reading.reasons[0] for reading in found.values())


@pytest.mark.parametrize(
    ("task", "width", "epochs"),
    [(moons(noise_std=0.3), 16, 200), (checkerboard(), 16, 200), (spirals(classes=3), 16, 200)],
    ids=str,
)
def test_refined_grids_of_trained_networks_are_the_full_ones(task, width, epochs):
    of = trained(task, width, epochs)

    def label_of(points):
        return boundary.decisions(of.member(1), points)

    refined = labels_on_grid(label_of, of.low_F, of.high_F)
    full = labels_on_grid(label_of, of.low_F, of.high_F, coarse_cells=CELLS)
    assert boundary_cells(full).sum() > 1000
    assert (boundary_cells(refined) == boundary_cells(full)).all()


def test_a_member_does_not_depend_on_its_company():
    together = trained(moons(), 8, 50)
    company = boundary.measure(together)
    for number in range(together.members):
        alone = replace(together, states=[together.states[number]], initial=[together.initial[number]])
        for name, reading in boundary.measure(alone).items():
            assert reading.values[0] == company[name].values[number]


def test_a_task_without_classes_has_no_boundary():
    regression = replace(probed(Disc(), radius=[1.0]), objective=objective_of(SimpleNamespace(objective="regression")))
    found = boundary.measure(regression)
    assert set(found) == QUANTITIES
    assert all("between classes, and regression has none" in reading.reasons[0] for reading in found.values())
