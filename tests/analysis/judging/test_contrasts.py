"""A study's registered contrasts are judged on confirmation runs alone, and what cannot be compared says why."""

from dataclasses import replace

import pandas
import pytest

from analysis.judging.contrasts import arm_summaries, contrast_table, judge_study
from spectra_tune.design import Block, Outcome, Seeds, Study, grid
from spectra_tune.engine import run_block
from spectra_tune.networks import mlp
from spectra_tune.tasks import circles, moons
from tests.conftest import ARMS

STUDY = Study(
    question="Is it judged?",
    conditions=grid(task=[moons(samples=60), circles(samples=60)], network=[mlp(width=4)], epochs=[8]),
    arms=ARMS,
    contrasts=[("linear", "static"), ("static", "none")],
    seeds=Seeds(confirm=range(8)),
    outcome=Outcome(metric="test_accuracy", alpha=0.05),
)


@pytest.fixture(scope="module")
def runs():
    return pandas.concat([run_block(block) for block in STUDY.blocks()], ignore_index=True)


def searched(seeds):
    return run_block(Block(condition=STUDY.conditions[0], arms=ARMS, seeds=seeds, stage="search"))


def test_every_contrast_is_judged_in_every_condition(runs):
    judged = judge_study(STUDY, runs)
    assert [(one.condition, str(one.contrast)) for one in judged] == [
        (task, contrast)
        for task in ("moons(samples=60)", "circles(samples=60)")
        for contrast in ("linear − static", "static − none")
    ]
    assert all(one.verdict.statistics.n == 8 for one in judged)


def test_search_runs_on_seeds_of_their_own_change_no_verdict(runs):
    both = pandas.concat([searched(range(100, 108)), runs], ignore_index=True)
    pandas.testing.assert_frame_equal(
        contrast_table(judge_study(STUDY, both)), contrast_table(judge_study(STUDY, runs))
    )


def test_a_seed_that_selected_confirms_nothing(runs):
    reused = pandas.concat([searched(range(6, 10)), runs], ignore_index=True)
    for one in judge_study(STUDY, reused):
        assert one.verdict.name == "not comparable"
        assert "seeds 6, 7 were used for selection" in one.verdict.sentence
        assert one.verdict.statistics.p_adjusted is None


def test_a_condition_without_runs_is_not_comparable_and_still_counts(runs):
    lost = runs[runs["task"] != "circles(samples=60)"]
    judged = judge_study(STUDY, lost)
    assert [one.verdict.name == "not comparable" for one in judged] == [False, False, True, True]
    whole = judge_study(STUDY, runs)[0].verdict.statistics
    assert judged[0].verdict.statistics.p_flip == whole.p_flip
    assert judged[0].verdict.statistics.p_t_adjusted >= whole.p_t


def test_an_empty_table_is_answered_in_words(runs):
    judged = judge_study(STUDY, runs.iloc[:0])
    assert {one.verdict.name for one in judged} == {"not comparable"}
    assert all("no runs of arm" in one.verdict.sentence for one in judged)


def test_one_seed_is_answered_in_words(runs):
    judged = judge_study(replace(STUDY, seeds=Seeds(confirm=[0])), runs[runs["seed"] == 0])
    assert {one.verdict.name for one in judged} == {"under-powered by design"}
    assert not contrast_table(judged)["sentence"].str.contains("nan|inf").any()


def test_the_complete_case_result_stands_beside_the_one_with_failures_counted(runs):
    failed = runs.copy()
    static = (failed["arm"] == "static") & (failed["seed"] == 3)
    failed.loc[static, "status"] = "diverged"
    failed.loc[static, "test_accuracy"] = float("nan")
    rows = contrast_table(judge_study(STUDY, failed))
    of_static = rows[rows["treatment"] == "static"]
    assert (of_static["n"] == 8).all()
    assert (of_static["complete_cases_n"] == 7).all()
    assert (of_static["diverged_treatment"] == 1).all()
    assert (of_static["complete_cases_mean"] != of_static["mean"]).all()


def test_an_arms_means_count_failures_as_the_constant(runs):
    failed = runs.copy()
    none = failed["arm"] == "none"
    failed.loc[none, "status"] = "failed"
    for (_, arm), summary in arm_summaries(failed).items():
        if arm == "none":
            assert summary["diverged"] == 8
            assert summary["test_accuracy"] == pytest.approx(0.5, abs=0.02)
