"""A study that is not the recorded one is refused, and what differs is said."""

from dataclasses import replace

import pytest

from spectra_tune.design import Outcome, Seeds, Study, Treatment, grid
from spectra_tune.networks import mlp
from spectra_tune.tasks import moons
from studies.command.unchanged import changed_since

STUDY = Study(
    question="Has it changed?",
    conditions=grid(task=[moons()], network=[mlp(width=8)], epochs=[2]),
    arms={"none": Treatment.none(), "static": Treatment(strength=0.1, sigma_end=1.0)},
    contrasts=[("static", "none")],
    seeds=Seeds(confirm=range(2)),
)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"seeds": Seeds(confirm=range(3))}, ", in its seeds"),
        ({"arms": {"none": Treatment.none(), "static": Treatment(strength=0.2, sigma_end=1.0)}}, ", in its arms"),
        ({"conditions": grid(task=[moons()], network=[mlp(width=9)], epochs=[2])}, ", in its conditions"),
        ({"outcome": Outcome(alpha=0.02), "question": "Else?"}, ", in its question and outcome"),
        ({"keep_models": "all"}, ", in its keep_models"),  # a field that came later
    ],
)
def test_the_fields_that_differ_are_named(changes, said):
    changed = replace(STUDY, **changes)
    for now, before in ((changed, STUDY), (STUDY, changed)):
        line = changed_since("mine", now, before.field_signatures(), "sqlite:///a.db")
        assert line == f"study 'mine' has changed since it was recorded in sqlite:///a.db{said}"


def test_a_record_of_before_the_fields_had_signatures_names_none():
    assert changed_since("mine", STUDY, {}, "sqlite:///a.db").endswith("recorded in sqlite:///a.db")
