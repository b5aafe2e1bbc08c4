"""Probes give the same for a member in any company, and a reason where there is no number."""

import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy
import pytest
import torch
from torch import nn

from spectra_tune import probes
from spectra_tune.design import Block, Condition, InvalidStudy, Treatment
from spectra_tune.engine import run_block
from spectra_tune.engine.members.generators import seeded
from spectra_tune.probes.hidden import SHOWS_NONE
from spectra_tune.probes.probe_input import NOT_FINITE, OVERFLOWS, ProbeResult, not_computed
from spectra_tune.results import PROBE_REASONS, SIGMA, probe_columns, sigma_columns
from tests.laws.kinds import NETWORKS, each_once
from tests.tools.probed import Sines, drawn, linear, measured, one, only, perceptron, stacked, with_parameters

OF_NETWORKS = [name for name in probes.PROBES if name != "boundary"]  # which has a file of tests of its own


def that_has_all(name, classes=2):
    """What builds a network that every quantity of a probe is measured of."""
    if name == "attention_entropy":
        return lambda: NETWORKS["Attends"].build(SimpleNamespace(shape=(2,), classes=classes))
    return perceptron(classes=classes)


def test_every_probe_has_its_file():
    folder = Path(probes.__file__).parent
    assert {file.stem for file in folder.glob("*.py")} - set(probes.PROBES) == {
        *("__init__", "hidden", "jacobians", "probe_input", "upper_bound"),
        *("attack", "calibration"),  # of evaluations, which may be outcomes
    }
    for name in probes.PROBES:
        assert callable(probes.implement(name))


def test_declaring_probes_loads_nothing_heavy():
    code = "import sys, spectra_tune.probes\nassert not {'numpy', 'torch'} & set(sys.modules)\n"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(("network", "task"), each_once(NETWORKS))
def test_every_probe_has_a_number_or_a_reason_for_every_network_and_task(network, task):
    condition = Condition(task=task, network=network, epochs=2)
    runs = run_block(Block(condition=condition, arms={"none": Treatment.none()}, seeds=[0], probes=probes.PROBES))
    assert (runs["status"] == "ok").all()
    (row,) = runs.to_dict("records")
    named = {reason.partition(":")[0] for reason in row[PROBE_REASONS].split("; ")}
    for column in probe_columns(runs.columns):
        assert numpy.isfinite(row[column]) or column.removeprefix("probe_") in named, column
    for sigma in sigma_columns(runs.columns):
        norm = row[f"probe_spectral_norm_{sigma.removeprefix(SIGMA)}"]
        assert norm == pytest.approx(row[sigma], rel=2e-3), sigma
    stems = (
        "spectral_norm",
        "sensitivity",
        "lipschitz_lower",
        "distance_from_init",
        "boundary",
        "dead_units",
        "gradient",
    )
    assert all(any(column.startswith(f"probe_{stem}") for column in runs.columns) for stem in stems)


@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize("name", OF_NETWORKS)
def test_a_members_bits_do_not_depend_on_its_company(name, classes):
    probed = drawn(that_has_all(name, classes), members=5, classes=classes)
    together = measured(name, probed)
    for member in (0, 3):
        alone = measured(name, only(probed, member))
        assert alone.keys() == together.keys()
        for quantity, reading in alone.items():
            assert one(reading) == together[quantity].values[member], quantity


@pytest.mark.parametrize("name", OF_NETWORKS)
def test_a_member_that_is_not_finite_has_a_reason_and_disturbs_no_other(name):
    probed = drawn(that_has_all(name))
    bias = [value for value in probed.states[0] if value.endswith("bias")][1]
    spoiled = stacked(probed, bias)
    spoiled[1, 4] = torch.nan
    whole, with_nan = measured(name, probed), measured(name, with_parameters(probed, **{bias: spoiled}))
    assert whole.keys() == with_nan.keys()
    for quantity, reading in with_nan.items():
        assert reading.reasons == (None, NOT_FINITE, None), quantity
        assert (reading.values[[0, 2]] == whole[quantity].values[[0, 2]]).all()
    all_nan = measured(name, with_parameters(probed, **{bias: torch.full_like(spoiled, torch.inf)}))
    assert all_nan.keys() == whole.keys()
    assert all(reading.reasons == (NOT_FINITE,) * 3 for reading in all_nan.values())


@pytest.mark.parametrize("name", OF_NETWORKS)
def test_measuring_neither_draws_nor_changes_anything(name):
    probed = drawn(that_has_all(name))
    before = [{key: value.clone() for key, value in state.items()} for state in probed.states]
    state = torch.get_rng_state()
    first, second = measured(name, probed), measured(name, replace(probed))
    assert torch.equal(torch.get_rng_state(), state)
    for state, known in zip(probed.states, before, strict=True):
        assert all(torch.equal(known[key], value) and not value.requires_grad for key, value in state.items())
    assert not probed.x.requires_grad
    assert all((reading.values == second[quantity].values).all() for quantity, reading in first.items())


@pytest.mark.parametrize("name", OF_NETWORKS)
def test_a_network_that_shows_nothing_is_measured_as_far_as_it_can_be(name):
    probed = drawn(Sines)
    readings = measured(name, probed)
    without = {
        "dead_units": {"dead_units", "always_on_units"},
        "attention_entropy": {"attention_entropy"},
        "gradient_flow": {"gradient_flow_slope"},
        "lipschitz": {"lipschitz_upper", "lipschitz_ratio"},
    }.get(name, set())
    assert {quantity for quantity, reading in readings.items() if reading.reasons[0]} == without
    if name in ("dead_units", "gradient_flow"):
        assert all(reading.reasons == (SHOWS_NONE,) * 3 for reading in readings.values())
    if name == "lipschitz":
        assert "no bound is known of Sines" in readings["lipschitz_upper"].reasons[2]


def test_what_overflows_says_so():
    probed = drawn(perceptron())
    huge = [{name: torch.full_like(value, 1e38).double() ** 3 for name, value in of.items()} for of in probed.states]
    for name in ("dead_units", "sensitivity", "lipschitz"):
        readings = measured(name, replace(probed, states=huge)).values()
        assert set().union(*(reading.reasons for reading in readings)) == {OVERFLOWS}
    # a derivative whose square overflows or vanishes is not one that does
    for scale in (1e200, 1e-200):
        weight = scale * torch.tensor([[[3.0, 0.0], [0.0, 4.0]]], dtype=torch.float64)
        sensitivity = measured(
            "sensitivity", with_parameters(drawn(linear(2, 2), members=1, classes=3), w1__weight=weight)
        )
        assert one(sensitivity["sensitivity_spectral_max"]) == pytest.approx(4 * scale, rel=1e-12)
        assert one(sensitivity["sensitivity_frobenius_max"]) == pytest.approx(5 * scale, rel=1e-12)


def test_a_network_that_only_single_precision_can_run_has_a_reason():
    class Single(Sines):
        def forward(self, x):
            return super().forward(x) @ torch.ones(1, 1)

    for name in ("sensitivity", "dead_units", "gradient_flow", "lipschitz"):
        readings = measured(name, drawn(Single))
        assert all("torch in double precision" in str(r) for reading in readings.values() for r in reading.reasons)


def test_a_lack_of_memory_is_not_a_reason():
    class Huge(Sines):
        def forward(self, x):
            raise torch.OutOfMemoryError("no memory")

    for name in ("dead_units", "sensitivity"):
        with pytest.raises(torch.OutOfMemoryError):
            measured(name, drawn(Huge))


@pytest.mark.parametrize(
    "values, reasons",
    [
        ([numpy.nan], (None,)),
        ([numpy.nan], ("",)),
        ([0.0], ("a reason",)),
        ([numpy.inf], (None,)),
        ([0.0, 1.0], (None,)),
    ],
)
def test_a_reading_has_a_value_or_a_reason_never_both_or_neither(values, reasons):
    with pytest.raises(InvalidStudy, match="a result must"):
        ProbeResult(values=numpy.array(values), reasons=reasons)
    assert not_computed(2, "why").reasons == ("why", "why")


@pytest.mark.parametrize(
    "changes, says",
    [
        ({"initial": []}, "equal names and shapes"),
        ({"initial": [{}] * 3}, "equal names and shapes"),
        ({"target": torch.zeros(3, dtype=torch.int64)}, r"x must be \(points, …\)"),
    ],
)
def test_what_does_not_belong_together_is_not_probed(changes, says):
    with pytest.raises(InvalidStudy, match=says):
        replace(drawn(perceptron()), **changes)


class Trembles(nn.Module):
    """Draws from every global generator when it is evaluated, too."""

    def __init__(self):
        super().__init__()
        self.inner, self.relu, self.outer = nn.Linear(2, 6), nn.ReLU(), nn.Linear(6, 1)

    def forward(self, x):
        hidden = self.relu(self.inner(x) * (1 + 0.1 * torch.randn(6)))
        return self.outer(self.relu(self.inner(hidden[:, :2]))) + random.random() * x[:, :1] * numpy.random.normal()


@pytest.mark.parametrize("name", OF_NETWORKS)
def test_a_module_that_draws_in_evaluation_draws_alike_in_any_company(name):
    probed = replace(drawn(Trembles), drawing=lambda: seeded(7))
    together = measured(name, probed)
    for member in (0, 2):
        for quantity, reading in measured(name, only(probed, member)).items():
            assert numpy.array_equal(reading.values, together[quantity].values[[member]], equal_nan=True), quantity
