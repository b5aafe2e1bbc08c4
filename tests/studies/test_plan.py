"""A plan tells margins and effects in the unit of its outcome."""

from dataclasses import replace

import pytest
from ray import tune

from analysis.describing.tuning import plan_confirmation
from spectra_tune.design import Outcome, Seeds
from studies.command import catalogue, plan
from studies.command.search import seeds_in_words
from tests.analysis.describing.test_tuning import searched
from tests.tools.searching import STUDY, searching


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


def said_of(seeds: int, conditions: int = 8) -> str:
    study = catalogue.load("capacity").study
    fewer = replace(study, conditions=study.conditions[:conditions], seeds=Seeds(confirm=range(seeds)))
    return plan.text("capacity", fewer)


def test_the_smallest_p_is_never_zero_and_says_which_flips_reach_it():
    assert "smallest p  1e-05 attainable with 99,999 random sign flips and common seeds, 0.00024 under Holm" in said_of(
        4000
    )
    assert "smallest p  1.9e-06 attainable with exact sign flips and common seeds" in said_of(20)
    study = replace(catalogue.load("capacity").study, seeds=Seeds(confirm=range(4000)))
    assert plan.parameters(study)["smallest attainable p"] == 1e-5


def test_alpha_is_said_to_be_reached_under_the_correction_that_reaches_it():
    """Eight seeds: 2^-7 with common seeds, 24 times that under Holm."""
    both = said_of(8)
    assert "0.0078 attainable with exact sign flips and common seeds, 0.19 under Holm" in both
    assert "alpha       can be reached while all contrasts have the same seeds; where one fails" in both
    assert "its 0.19 is above 0.01" in both
    assert "alpha       can be reached\n" in said_of(20)
    assert "alpha       CANNOT be reached\n" in said_of(7)


@pytest.mark.parametrize(
    ("needed", "seeds", "says"),
    [
        (69, 12, "all 12 fresh seeds of the pool; 80 % power at the margin would need 69, so that a true effect of"),
        (11, 11, "11 fresh seeds of the pool's 12, which is enough for 80 % power at the margin (11 would be)"),
        (3, 10, "10 fresh seeds of the pool's 12, which is enough for 80 % power at the margin (3 would be)"),
        (12, 12, "all 12 fresh seeds of the pool, which is enough for 80 % power"),
        (None, 12, "all 12 fresh seeds of the pool; outcomes of single seeds spread too far for any number worth"),
    ],
)
def test_a_confirmation_s_seeds_are_told_beside_what_the_power_would_need(needed, seeds, says):
    planned = replace(plan_confirmation(STUDY, searched()), needed=needed, seeds=STUDY.seeds.confirm[:seeds])
    assert seeds_in_words(STUDY, planned).startswith(says)


def test_a_plan_says_how_much_a_search_will_do():
    wide = replace(searching(treatment_space={"width": tune.randint(4, 64)}), conditions=STUDY.conditions[:1])
    said, numbers = plan.text("wide", wide), plan.parameters(wide)
    assert "strata      60 (width 4 … 63, 60 of them): each is searched, confirmed and tested for itself" in said
    assert "× 6 configurations = 720, × 3 seeds = 2,160 runs at most" in said
    assert numbers["search runs"] == 2160
    assert numbers["runs"] == 60 * 3 * 12
    assert numbers["tests m"] == 60 * 2
    assert "the candidate of penalty without its penalty" in said
    assert "WARNING: none" not in said


def test_a_plan_warns_of_a_baseline_that_stays_untuned():
    said = plan.text("untuned", searching(nuisance_space={}))
    assert "WARNING: none stays untuned: without a nuisance_space it is one configuration, repeated, against 6" in said
    assert "without its penalty" not in said
