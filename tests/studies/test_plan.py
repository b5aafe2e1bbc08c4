"""A plan tells margins and effects in the unit of its outcome."""

from dataclasses import replace

import pytest

from spectra_tune.design import Outcome
from studies.command import catalogue, plan


@pytest.mark.parametrize(
    ("outcome", "margin", "parameter", "spread"),
    [
        (Outcome(metric="test_accuracy", margin_pp=2.0), "margin ±2 pp", {"margin_pp": 2.0}, "spread 1 pp: "),
        (Outcome(metric="test_loss", margin=0.02), "margin ±0.02 nats", {"margin": 0.02}, "spread 0.01 nats: "),
    ],
    ids=["accuracy", "loss"],
)
def test_a_plan_is_in_the_unit_of_its_outcome(outcome, margin, parameter, spread):
    study = replace(catalogue.load("capacity").study, outcome=outcome, pilot=None)
    said, numbers = plan.text("capacity", study), plan.parameters(study)
    assert margin in said
    assert spread in said
    assert parameter.items() <= numbers.items()
    assert len([name for name in numbers if name.startswith("margin")]) == 1
