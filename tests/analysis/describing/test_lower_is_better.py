"""Of a metric whose less is better, what stands beside verdicts is about gains and searches take the lowest."""

from dataclasses import replace

import numpy
import pandas
import pytest

from analysis.describing.across_tasks import by_task
from analysis.describing.capacity_trend import with_capacity
from analysis.describing.ceiling import at_ceiling
from analysis.describing.claim_parts import parts_of_claim
from analysis.describing.convergence import convergence_table
from analysis.describing.other_metrics import descriptive_table
from analysis.describing.pareto import fronts
from analysis.describing.sensitivity import sensitivities, share_near_best, tunability
from analysis.describing.tuning import candidates, outcomes_of, plan_confirmation, tuned, validation
from analysis.judging.contrasts import arm_summaries, judge_study
from analysis.judging.matching import pair
from spectra_tune.design import Claim, Outcome, Seeds, Study, condition_signature, grid
from spectra_tune.engine import BlockTraining
from spectra_tune.networks import mlp
from tests.analysis.describing.test_pareto import searched
from tests.conftest import ARMS
from tests.tools.regression import Waves
from tests.tools.searching import STUDY as SEARCH

STUDY = Study(
    question="Are numbers predicted better?",
    conditions=grid(
        task=[Waves()], network=[mlp(width=w) for w in (3, 4, 6)], epochs=[20], learning_rate=[0.05], batch_size=[20]
    ),
    arms=ARMS,
    contrasts=[("static", "none")],
    seeds=Seeds(confirm=range(5)),
    outcome=Outcome(metric="test_mse", margin=0.02, descriptive=("test_r2",)),
    claim=Claim(gain_pp=0.1, baseline="none", steps=[("penalty", "static"), ("schedule", "linear")]),
    threshold=0.3,
)


@pytest.fixture(scope="module")
def trained():
    trainings = [BlockTraining(block) for block in STUDY.blocks()]
    for training in trainings:
        while not training.finished:
            training.advance()
    runs, curves = ([getattr(training, part)() for training in trainings] for part in ("runs", "curves"))
    return pandas.concat(runs, ignore_index=True), pandas.concat(curves, ignore_index=True)


def gains(runs, condition):
    rows = runs[runs["condition_signature"] == condition_signature(condition)]
    return pair(rows, treatment="static", baseline="none", metric="test_mse").gains


def test_means_over_tasks_trends_and_claims_are_of_gains(trained):
    runs, _ = trained
    judged = judge_study(STUDY, runs)
    table = numpy.stack([gains(runs, condition) for condition in STUDY.conditions], axis=1)
    (of_task,) = by_task(STUDY, judged, STUDY.contrasts[0]).values()
    assert of_task == pytest.approx(table.mean(axis=1))
    (trend,) = with_capacity(STUDY, judged)
    slopes = numpy.polyfit(numpy.log2([3, 4, 6]), table.T, 1)[0]
    assert trend.interaction.estimate == pytest.approx(slopes.mean())
    parts = next(iter(parts_of_claim(STUDY, runs).values()))
    assert parts.parts[0].effect.estimate == pytest.approx(table[:, 0].mean())
    assert at_ceiling(judged) == []


def test_other_metrics_are_differences_in_their_own_unit(trained):
    runs, _ = trained
    table = descriptive_table(STUDY, runs)
    assert set(table["metric"]) == {"mse_gap", "test_r2"}
    assert set(table["unit"]) == {""}
    summary = next(iter(arm_summaries(runs).values()))
    assert {"test_mse", "test_mse_low", "test_r2"} <= summary.keys()


def test_a_threshold_of_an_error_is_reached_from_above(trained):
    runs, curves = trained
    row = convergence_table(STUDY, runs, curves, judge_study(STUDY, runs)).iloc[0]
    arms = runs[runs["condition_signature"] == condition_signature(STUDY.conditions[0])].set_index("arm")
    seen = curves[curves["metric"] == "validation_mse"].pivot(index="signature", columns="epoch", values="value")
    first = [
        next((epoch for epoch, value in seen.loc[signature].items() if value <= 0.3), seen.columns[-1])
        for signature in arms.loc["none", "signature"]
    ]
    assert row["baseline"] == numpy.mean(first)
    assert min(first) > 0
    heights = [numpy.trapezoid(seen.loc[arms.loc[arm, "signature"]], seen.columns) / 20 for arm in ("static", "none")]
    assert row["area"] == pytest.approx(numpy.mean(heights[0] - heights[1]))


OF_ERROR = replace(
    SEARCH,
    conditions=[replace(one, task=Waves()) for one in SEARCH.conditions],
    outcome=Outcome(metric="test_mse", margin=0.02),
)
OUTCOMES = {0: [[0.20, 0.18, 0.16], [0.30, 0.29, 0.28]], 1: [[0.15, 0.14, 0.16], [0.19, 0.20, 0.18]]}


@pytest.fixture
def search_runs():
    """Validation errors by stratum and configuration, by seed; the constant's is 0.5."""
    runs = searched(OUTCOMES)
    keys = (map(condition_signature, study.conditions) for study in (SEARCH, OF_ERROR))
    runs["condition_signature"] = runs["condition_signature"].map(dict(zip(*keys, strict=True)))
    return runs.rename(columns=lambda name: name.replace("validation_accuracy", "validation_mse"))


def test_a_search_sends_the_lowest_upper_bound(search_runs):
    assert validation("test_mse") == "validation_mse"
    for one in candidates(OF_ERROR, search_runs):
        assert one.configuration == 0
    close = search_runs.copy()
    worse = (close["configuration"] == 1) & (close["seed"] == 0)
    close.loc[worse, "validation_mse"] = 0.0  # the lowest mean, and a wide interval
    assert candidates(OF_ERROR, close)[0].configuration == 0
    rows = close[close["arm"] == "none"].assign(status="diverged")
    first = rows["condition_signature"] == rows["condition_signature"].iloc[0]
    assert (outcomes_of(rows[first], "validation_mse") == 0.5).all(axis=None)


def test_a_promise_is_a_gain(search_runs):
    better = (search_runs["arm"] == "penalty") & (search_runs["configuration"] == 0)
    runs = search_runs.copy()
    runs.loc[better, "validation_mse"] -= 0.05
    plan = plan_confirmation(OF_ERROR, runs)
    signature = condition_signature(OF_ERROR.conditions[0])
    assert tuned(OF_ERROR, plan, {(signature, "none"): 0.025})[0].promised == pytest.approx(0.05)
    assert tuned(OF_ERROR, plan, {(signature, "none"): 0.025})[0].shrinkage == pytest.approx(0.5)


def test_a_front_falls(search_runs):
    means = [round(one.mean, 9) for one in fronts(OF_ERROR, search_runs) if one.arm == "none"]
    assert means == [0.18, 0.15]
    risen = search_runs.assign(validation_mse=1 - search_runs["validation_mse"])
    assert [round(one.mean, 9) for one in fronts(OF_ERROR, risen) if one.arm == "none"] == [0.71]


def test_the_best_of_a_search_is_its_lowest(search_runs):
    near = search_runs[search_runs["configuration"] == 0].assign(configuration=2)
    near = near.assign(validation_mse=near["validation_mse"] + 0.01)
    first = sensitivities(OF_ERROR, pandas.concat([search_runs, near], ignore_index=True))[0]
    means = numpy.array([0.18, 0.29, 0.19])
    known = tunability(-means)
    assert first.curve.best == pytest.approx([-value for value in known.best])
    assert first.curve.low == pytest.approx([-value for value in known.high])
    assert first.curve.low[-1] <= first.curve.best[-1] <= first.curve.high[-1]
    assert first.near_best == share_near_best(-means, 0.02)
    assert first.near_best.estimate == pytest.approx(2 / 3)
