"""Gains are correlated with complexity over tasks; complexity predicts on tasks that were left out, or it does not."""

from dataclasses import replace

import numpy
import pandas
import pytest
from scipy import stats

from analysis.describing.complexity import correlation_table, task_gains
from analysis.describing.prediction import prediction_table, predictions
from analysis.figures import gain_and_complexity
from analysis.judging.contrasts import judge_study
from analysis.report import findings
from analysis.report.page import page
from analysis.report.sections import sections_of
from analysis.statistics.significance import holm, paired_t, sign_flip
from spectra_tune.design import Seeds, Study, Treatment, grid
from spectra_tune.engine import run_block
from spectra_tune.networks import mlp
from spectra_tune.results import COMPLEXITY, Tables, curve_table, figure_table
from spectra_tune.tasks import moons

TASKS = [moons(samples=20 + 2 * at) for at in range(8)]
WIDTHS, TARGETS = (2, 4, 8, 16), (0.5, 1.0, 2.0, 4.0)
ARMS = {"none": Treatment.none()} | {
    f"to {sigma:g}": Treatment(schedule="static", sigma_end=sigma, strength=0.1) for sigma in TARGETS
}
STUDY = Study(
    question="Does complexity matter?",
    conditions=grid(task=TASKS, network=[mlp(width=width) for width in WIDTHS], epochs=[1]),
    arms=ARMS,
    contrasts=[("to 1", "none"), ("to 4", "none")],
    seeds=Seeds(confirm=range(3)),
)
DIMENSION, LENGTH, NEIGHBOUR, REFERENCE = COMPLEXITY


@pytest.fixture(scope="module")
def runs():
    """Outcomes made up: a task of dimension 2^k is best at the k-th width and target, and penalties gain about 3 k pp.

    The length is noise; the neighbour error is not defined on four tasks.
    """
    table = pandas.concat([run_block(block) for block in STUDY.blocks()], ignore_index=True)
    number = table["task"].map({str(task): at for at, task in enumerate(TASKS)})
    level = number % 4
    width = table["width"].map({width: at for at, width in enumerate(WIDTHS)})
    target = table["arm"].map({f"to {sigma:g}": at for at, sigma in enumerate(TARGETS)}).fillna(0)
    noise = numpy.random.default_rng(1).normal(0, 1e-4, len(table))
    for split in ("validation", "test"):
        score = 0.6 - 0.02 * (width - level).abs() + noise
        score += numpy.where(table["arm"] == "none", 0.0, -0.01 * (target - level).abs())
        table[f"{split}_accuracy"] = score + numpy.where(table["arm"] == "none", -0.03 * level, 0.0) * (split == "test")
    table[DIMENSION] = 2.0**level
    table[LENGTH] = number.map(dict(enumerate((5.0, 1.0, 4.0, 2.0, 3.0, 8.0, 6.0, 7.0))))
    table[NEIGHBOUR] = (number + 1.0).where(number < 4)
    table[REFERENCE] = 0.1
    return table


@pytest.fixture(scope="module")
def gains(runs):
    return task_gains(STUDY, runs, judge_study(STUDY, runs))


def of(table, **chosen):
    for name, value in chosen.items():
        table = table[table[name] == value]
    (row,) = table.to_dict("records")
    return row


def test_a_tasks_gain_averages_its_conditions_seed_by_seed(runs, gains):
    one = gains[3]
    rows = runs[(runs["task"] == str(TASKS[3])) & runs["arm"].isin(["none", "to 1"])]
    means = rows.pivot_table(index="seed", columns="arm", values="test_accuracy")
    by_hand = paired_t(100 * (means["to 1"] - means["none"]).to_numpy())
    assert (one.task, str(one.contrast)) == (str(TASKS[3]), "to 1 − none")
    assert (one.gain.estimate, one.gain.low) == pytest.approx((by_hand.estimate, by_hand.low))


def test_the_correlation_is_over_tasks(gains):
    table = correlation_table(STUDY, gains)
    assert len(table) == 2 * len(COMPLEXITY)
    row = of(table, contrast="to 1 − none", measure=DIMENSION)
    of_contrast = gains[: len(TASKS)]
    x, y = [one.complexity[DIMENSION] for one in of_contrast], [one.gain.estimate for one in of_contrast]
    assert row["r"] == pytest.approx(stats.pearsonr(x, y)[0])
    assert row["rho"] == pytest.approx(stats.spearmanr(x, y)[0])
    assert row["tasks"] == 8
    assert row["low"] < row["r"] < row["high"]
    assert row["p"] < 0.01


def test_holm_is_over_measures_and_contrasts_refused_ones_included(gains):
    table = correlation_table(STUDY, gains)
    assert table["p"].isna().sum() == 4  # too few tasks, and a measure that does not vary
    assert table["p_adjusted"].to_numpy() == pytest.approx(holm(table["p"].to_numpy()), nan_ok=True)
    assert table["p_adjusted"].min() == pytest.approx(8 * table["p"].min())


def test_below_five_tasks_a_correlation_is_refused(gains):
    row = of(correlation_table(STUDY, gains), contrast="to 1 − none", measure=NEIGHBOUR)
    assert row["tasks"] == 4
    assert numpy.isnan(row["p"])
    assert "at least 5" in row["note"]


def test_every_task_is_in_the_picture_where_its_measure_is_defined(gains):
    figure = gain_and_complexity(gains, list(ARMS), STUDY.outcome.measured.metric)
    texts = [len(axes.texts) for axes in figure.axes]
    assert texts == [8, 8, 4, 8] * 2
    assert "not defined on 4 tasks" in figure.axes[2].get_title()


def test_what_complexity_tells_is_predicted_on_tasks_left_out(runs):
    predicted = predictions(STUDY, runs)
    row = of(predicted, predicted="width", measure=DIMENSION, task=str(TASKS[7]))
    assert (row["best_on_validation"], row["prediction"], row["best_on_test"]) == (16, 16, 16)
    table = prediction_table(STUDY, runs, predicted)
    for name in ("width", "sigma_end"):
        told = of(table, predicted=name, measure=DIMENSION)
        assert told["regret"] == pytest.approx(0, abs=0.1)
        assert told["high"] < 0
        assert told["tasks"] == 8


def test_what_tells_nothing_does_not_beat_the_constant(runs):
    predicted = predictions(STUDY, runs)
    table = prediction_table(STUDY, runs, predicted)
    same = of(table, predicted="width", measure=REFERENCE)  # does not vary: the mean of the others' best
    assert same["difference"] == pytest.approx(same["regret"] - same["regret_of_constant"])
    chosen = predicted[(predicted["predicted"] == "width") & (predicted["measure"] == LENGTH)]
    d = (chosen["regret"] - chosen["regret_of_constant"]).to_numpy()
    row = of(table, predicted="width", measure=LENGTH)
    assert row["p"] == sign_flip(d).p
    assert (row["low"], row["high"]) == pytest.approx((paired_t(d).low, paired_t(d).high))
    assert row["p"] > 0.05


def test_a_task_does_not_help_to_predict_itself(runs):
    """A task far from all others, which a line through it would follow: its own validation results change nothing."""
    far = runs.copy()
    far.loc[far["task"] == str(TASKS[5]), DIMENSION] = 2.0**-20
    other = far.copy()
    turned = (other["task"] == str(TASKS[5])) & (other["arm"] == "none")
    other.loc[turned, "validation_accuracy"] = numpy.where(other.loc[turned, "width"] == 16, 1.0, 0.1)
    before, after = (
        of(predictions(STUDY, table), predicted="width", measure=DIMENSION, task=str(TASKS[5]))
        for table in (far, other)
    )
    assert before["best_on_validation"] != after["best_on_validation"]
    assert (before["prediction"], before["constant"]) == (after["prediction"], after["constant"])


def test_the_choice_is_by_validation_and_the_judgement_by_test_data(runs):
    other = runs.assign(test_accuracy=0.9 - runs["test_accuracy"])
    before, after = predictions(STUDY, runs), predictions(STUDY, other)
    assert list(before["prediction"]) == list(after["prediction"])
    assert list(before["best_on_test"]) != list(after["best_on_test"])


def test_fewer_than_eight_tasks_predict_nothing(runs):
    table = prediction_table(STUDY, runs, predictions(STUDY, runs))
    row = of(table, predicted="width", measure=NEIGHBOUR)
    assert row["note"] == "4 tasks with this measure: at least 8 are needed"
    assert numpy.isnan(row["p_adjusted"])


def test_a_study_with_one_width_and_one_target_predicts_nothing(runs):
    few = replace(STUDY, arms={name: ARMS[name] for name in ("none", "to 1")}, contrasts=[("to 1", "none")])
    few = replace(few, conditions=[one for one in STUDY.conditions if one.network.width == 4])
    rows = runs[(runs["width"] == 4) & runs["arm"].isin(["none", "to 1"])]
    assert predictions(few, rows).empty
    assert prediction_table(few, rows, predictions(few, rows)).empty


def test_without_complexity_there_is_neither(runs):
    plain = runs.drop(columns=list(COMPLEXITY))
    assert task_gains(STUDY, plain, judge_study(STUDY, plain)) == []
    assert correlation_table(STUDY, []).empty
    assert predictions(STUDY, plain).empty


def test_the_report_says_both(runs):
    found = findings("complex", STUDY, Tables(runs, curve_table({}), figure_table({})))
    text = page(found, sections_of(found))
    assert "## Gain and the tasks' own complexity (descriptive)" in text
    assert "to 1 − none gains more on tasks of greater dimension" in text
    assert "over 8 tasks" in text
    assert "## Prediction on left-out tasks (descriptive)" in text
    assert "4 tasks with this measure: at least 8 are needed" in text
    assert "nan" not in text
