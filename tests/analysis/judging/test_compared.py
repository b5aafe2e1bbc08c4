"""What a search's report says was compared is what its runs had, not what was declared."""

from dataclasses import replace

import pytest
from ray import tune

from analysis.report import files, findings
from analysis.report.page import overview
from analysis.report.sections import design, search
from spectra_tune.design import SAME_CONFIGURATION, Search, Treatment
from tests.tools.searching import STUDY, confirmed

PENALTY = {"sigma_end": 1.2, "strength": 0.000188, "learning_rate": 0.0853, "init_gain": 1.0}
NONE = {"learning_rate": 0.0581, "init_gain": 0.5}
SPACE = {"sigma_end": tune.uniform(0.5, 4.0), "strength": tune.loguniform(1e-4, 1.0)}
NUISANCE = {"learning_rate": tune.loguniform(1e-3, 1e-1), "init_gain": tune.quniform(0.5, 2.0, 0.5)}


def found(values, **search):
    """Findings of a study of one Condition, whose sides have one configuration each."""
    given = {"treatment_space": SPACE, "nuisance_space": NUISANCE, "configurations": 1} | search
    study = replace(STUDY, conditions=STUDY.conditions[:1], search=Search(**given))
    return findings("search", study, confirmed(study, lambda arm: [values[arm]]))


@pytest.fixture(scope="module")
def apart():
    """Sides that were tuned to different learning rates and initial weights."""
    return found({"penalty": PENALTY, "none": NONE})


def test_the_sentence_of_tuned_sides_says_so_and_names_what_they_differ_in(apart):
    tuned, alone = apart.judged
    assert tuned.verdict.sentence.startswith(
        "Tuned penalty against tuned none (init gain 1 and 0.5; learning rate 0.0853 and 0.0581): "
    )
    assert alone.contrast.baseline == SAME_CONFIGURATION
    assert alone.verdict.sentence.startswith("Tuned penalty against the same configuration without its penalty: ")
    assert tuned.differences.spans == ("init_gain", "learning_rate")
    assert alone.differences.spans == ()


def test_what_remained_matched_is_counted_in_the_run_table(apart):
    tuned, alone = (one.compared for one in apart.judged)
    equal = {what: share.equal for what, share in tuned.shared.items()}
    assert equal == {"data": 12, "initial weights": 0, "order of batches": 12}
    assert alone.matched
    assert not tuned.matched
    assert alone.baseline == replace(alone.treatment, treatment=Treatment.none())


def test_the_report_shows_both_sides_as_they_were_confirmed(apart):
    text = files(apart)["report.md"].decode()
    for arm, words in (
        ("penalty", "strength 0.000188, schedule static, sigma end 1.2, init gain 1, learning rate 0.0853"),
        ("none", "no regularizer, init gain 0.5, learning rate 0.0581"),
        (SAME_CONFIGURATION, "no regularizer, init gain 1, learning rate 0.0853"),
    ):
        assert f"| {arm} | {words} |" in text
        assert f"**{arm}** was confirmed as: {words}" in overview(apart)
    assert "strength 0.1" not in text, "the arm as declared was not confirmed"
    assert "| data, order of batches in all 12 pairs; initial weights in 0 of 12 pairs |" in text
    assert "data, order of batches in all 24 pairs; initial weights in 12 of 24 pairs" in text
    assert "from the same initial weights" not in text


def test_a_draw_that_was_not_recorded_is_not_called_matched(apart):
    again = findings("search", apart.study, apart.tables._replace(runs=apart.runs.drop(columns="init_digest")))
    assert "initial weights" not in again.judged[0].compared.shared
    assert not again.judged[1].compared.matched
    assert "initial weights not recorded" in "".join(design.section(again).lines)


def test_an_untuned_baseline_is_called_untuned_and_the_report_warns():
    untuned = found({"penalty": {"sigma_end": 1.2, "strength": 0.1}, "none": {}}, nuisance_space={})
    (one,) = untuned.judged
    assert one.verdict.sentence.startswith("Tuned penalty against untuned none: ")
    assert one.compared.matched
    for tell in (design, search):
        assert "**WARNING**: none stays untuned" in "\n".join(tell.section(untuned).lines)
    assert "| arm **none** | no regularizer; untuned |" in design.section(untuned).lines


def test_a_candidate_of_strength_0_or_of_full_batches_is_confirmed_as_it_was_searched():
    space = {"sigma_end": tune.uniform(0.5, 4.0), "strength": tune.choice([0.0, 0.1])}
    nuisance = {"batch_size": tune.choice([None, 16])}
    values = {"penalty": {"sigma_end": 1.2, "strength": 0.0, "batch_size": None}, "none": {"batch_size": 16}}
    tuned, alone = found(values, treatment_space=space, nuisance_space=nuisance).judged
    assert tuned.compared.treatment.treatment == Treatment.none()
    assert dict(tuned.compared.treatment.changes) == {"batch_size": None}
    assert tuned.compared.shared["order of batches"].equal == 0
    assert tuned.compared.shared["initial weights"].equal == 12
    assert (alone.differences.values == 0).all()


def test_equal_picks_leave_two_contrasts_of_the_same_numbers():
    tuned, alone = found({"penalty": PENALTY, "none": {name: PENALTY[name] for name in NUISANCE}}).judged
    assert (tuned.differences.values == alone.differences.values).all()
    assert tuned.verdict.sentence.startswith("Tuned penalty against tuned none: ")
    assert tuned.compared.matched
