"""What stands beside the verdicts: means over tasks, trends with capacity, costs, a claim's parts."""

from dataclasses import replace

import numpy
import pandas
import pytest

from analysis.describing.descriptive import (
    descriptive_table,
    error_rates,
    over_tasks,
    parts_of_claim,
    priced,
    with_capacity,
)
from analysis.judging.contrasts import judge_study
from analysis.judging.matching import pair
from analysis.statistics.significance import paired_t
from spectra_tune.design import Arm, Claim, Contrast, NotComparable, Outcome, Seeds, Study, condition_signature, grid
from spectra_tune.engine import run_block
from spectra_tune.networks import mlp
from spectra_tune.results import COST, with_costs
from spectra_tune.tasks import circles, moons
from tests.conftest import ARMS

SHORT = Arm(treatment=ARMS["static"], changes={"epochs": 4})
STUDY = Study(
    question="What stands beside it?",
    conditions=grid(
        task=[moons(samples=60), circles(samples=60)], network=[mlp(width=w) for w in (3, 4, 6)], epochs=[8]
    ),
    arms={**ARMS, "short": SHORT},
    contrasts=[("linear", "static"), Contrast(treatment="linear", baseline="short", differs={"epochs"})],
    seeds=Seeds(confirm=range(6)),
    outcome=Outcome(metric="test_accuracy", alpha=0.05, descriptive=("train_accuracy", "test_loss")),
    claim=Claim(gain_pp=1.9, baseline="short", steps=[("epochs", "static"), ("schedule", "linear")]),
)


@pytest.fixture(scope="module")
def runs():
    return pandas.concat([run_block(block) for block in STUDY.blocks()], ignore_index=True)


@pytest.fixture(scope="module")
def judged(runs):
    return judge_study(STUDY, runs)


def of_condition(runs, condition):
    return runs[runs["condition_signature"] == condition_signature(condition)]


def differences(runs, condition):
    return pair(of_condition(runs, condition), treatment="linear", baseline="static", metric="test_accuracy").values


def test_a_task_counts_once_however_many_conditions_it_has(runs, judged):
    (found,) = over_tasks(STUDY, judged)  # not the contrast that spans epochs
    by_task = [
        numpy.mean([differences(runs, condition) for condition in STUDY.conditions if condition.task == task])
        for task in (moons(samples=60), circles(samples=60))
    ]
    assert found.pooled.n == 2
    assert found.pooled.estimate == pytest.approx(numpy.mean(by_task))
    assert found.pooled.p == pytest.approx(paired_t(by_task).p)
    assert found.pooled.suffix == "(2 tasks; no general claim)"


def test_one_task_is_not_pooled(runs, judged):
    alone = replace(STUDY, conditions=STUDY.conditions[:3])
    assert over_tasks(alone, judge_study(alone, runs)) == []


def test_the_trend_with_width_is_each_seeds_slope(runs, judged):
    found = {(one.task, str(one.contrast)): one for one in with_capacity(STUDY, judged)}
    table = numpy.stack([differences(runs, condition) for condition in STUDY.conditions[:3]], axis=1)
    slopes = numpy.polyfit(numpy.log2([3, 4, 6]), table.T, 1)[0]
    trend = found["moons(samples=60)", "linear − static"]
    assert trend.widths == (3, 4, 6)
    assert trend.interaction.estimate == pytest.approx(slopes.mean())
    assert trend.interaction.n == 6


def test_two_widths_are_no_trend(judged):
    assert with_capacity(replace(STUDY, conditions=STUDY.conditions[:2]), judged) == []


def test_a_claims_parts_add_up_in_every_condition(runs):
    found = parts_of_claim(STUDY, runs)
    assert list(found) == list(STUDY.labels().values())
    for parts in found.values():
        assert [part.name for part in parts.parts] == ["epochs", "schedule", "selection and chance"]
        assert sum(part.effect.estimate for part in parts.parts) == pytest.approx(1.9)
    first = next(iter(found.values()))
    assert first.parts[1].effect.estimate == pytest.approx(differences(runs, STUDY.conditions[0]).mean())


def test_a_study_without_a_claim_has_no_parts(runs):
    assert parts_of_claim(replace(STUDY, claim=None), runs) == {}


def test_an_arms_cost_is_compared_repeat_by_repeat(runs, judged):
    assert all(one.overhead is None for one in priced(judged, runs))
    costs = {name: dict.fromkeys(COST, 1.0) for name in ("none", "static", "linear", "short")}
    costs["linear"] = dict(zip(COST, (1.2, 1.1, 1.2, 1.3, 1.2, 1.2), strict=True))
    found = priced(judged, with_costs(runs, costs))[0]
    assert found.overhead.estimate == pytest.approx(numpy.exp(numpy.log([1.1, 1.2, 1.3, 1.2, 1.2]).mean()))
    assert found.overhead.n == 5
    assert found.decision.reason


def test_descriptive_outcomes_have_estimates_and_no_p(runs):
    table = descriptive_table(STUDY, runs)
    assert len(table) == 3 * len(STUDY.conditions) * len(STUDY.contrasts)  # the gap was not asked for
    assert set(table["unit"]) == {"pp", "nats"}
    assert not [name for name in table.columns if name.startswith("p")]


def test_every_study_shows_the_generalization_gap_of_its_own_measure(runs):
    silent = replace(STUDY, outcome=Outcome(metric="test_balanced_accuracy"))
    table = descriptive_table(silent, runs)
    assert set(table["metric"]) == {"balanced_accuracy_gap"}
    row = table[(table["contrast"] == "linear − static")].iloc[0]
    rows = of_condition(runs, STUDY.conditions[0]).set_index(["arm", "seed"])
    gap = 100 * (rows["train_balanced_accuracy"] - rows["test_balanced_accuracy"])
    by_hand = paired_t((gap["linear"] - gap["static"]).to_numpy())
    assert (row["mean"], row["low"], row["high"]) == pytest.approx((by_hand.estimate, by_hand.low, by_hand.high))
    assert (row["baseline"], row["treatment"]) == pytest.approx((gap["static"].mean(), gap["linear"].mean()))
    assert row["unit"] == "pp"


def test_the_gap_of_a_diverged_run_is_the_constants(runs):
    rows = of_condition(runs, STUDY.conditions[0]).reset_index(drop=True)
    at = rows.index[(rows["arm"] == "linear") & (rows["seed"] == 2)]
    rows.loc[at, ["train_accuracy", "test_accuracy"]] = numpy.nan
    rows.loc[at, "status"] = "diverged"
    rows.loc[at, "train_accuracy_of_constant"], rows.loc[at, "test_accuracy_of_constant"] = 0.75, 0.5
    found = pair(rows, treatment="linear", baseline="static", metric="accuracy_gap")
    assert found.treatment_values[2] == pytest.approx(25)
    assert len(found) == 6


def test_a_gap_needs_both_its_sides(runs):
    with pytest.raises(NotComparable, match="lacks the columns train_accuracy"):
        pair(runs.drop(columns="train_accuracy"), treatment="linear", baseline="static", metric="accuracy_gap")


def test_without_a_repetition_there_is_no_error_rate(runs):
    assert error_rates(STUDY, runs, seeds_each=1) == []
