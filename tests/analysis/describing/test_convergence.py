"""Epochs to a threshold and the area under the curve, seed by seed; what never gets there is counted."""

from dataclasses import replace

import numpy
import pytest

from analysis.describing.convergence import convergence_table
from analysis.judging.contrasts import judge_study
from analysis.report import findings
from analysis.report.page import page
from analysis.report.sections import sections_of
from analysis.statistics.curves import efficiency_ratio, epochs_to_threshold
from analysis.statistics.significance import paired_t
from spectra_tune.design import Arm, Contrast, Seeds, Study, grid
from spectra_tune.engine import run_block
from spectra_tune.networks import mlp
from spectra_tune.results import Tables, curve_table, figure_table
from spectra_tune.tasks import moons
from tests.conftest import ARMS

STUDY = Study(
    question="Who is there first?",
    conditions=grid(task=[moons(samples=40)], network=[mlp(width=3)], epochs=[2]),
    arms={**ARMS, "short": Arm(treatment=ARMS["static"], changes={"epochs": 1})},
    contrasts=[("linear", "none"), Contrast(treatment="linear", baseline="short", differs={"epochs"})],
    seeds=Seeds(confirm=range(4)),
    threshold=0.9,
)
EPOCHS = (10, 20, 30, 40)
LINEAR = numpy.array([[0.5, 0.9, 0.95, 0.95], [0.6, 0.8, 0.9, 0.9], [0.91, 0.92, 0.93, 0.9], [0.9, 0.95, 1.0, 1.0]])
NONE = numpy.array([[0.5, 0.6, 0.9, 0.9], [0.5, 0.6, 0.7, 0.8], [0.5, 0.9, 0.9, 0.9], [0.5, 0.6, 0.7, 0.9]])


@pytest.fixture(scope="module")
def runs():
    """Seed 3 of linear diverged: though its curve is there, it never reaches the threshold and is the constant."""
    table = run_block(STUDY.blocks()[0])
    died = (table["arm"] == "linear") & (table["seed"] == 3)
    table.loc[died, "status"] = "diverged"
    table["validation_accuracy_of_constant"] = 0.5
    return table


@pytest.fixture(scope="module")
def curves(runs):
    rows = []
    for arm, values in (("linear", LINEAR), ("none", NONE)):
        of_arm = runs[runs["arm"] == arm].sort_values("seed", ascending=False)
        for signature, seed in zip(of_arm["signature"], of_arm["seed"], strict=True):
            rows += [(signature, epoch, values[seed, at]) for at, epoch in enumerate(EPOCHS)]
    signature, epoch, value = zip(*rows, strict=True)
    metric = ["validation_accuracy"] * len(rows)
    return curve_table({"signature": signature, "epoch": epoch, "metric": metric, "value": value})


def table_of(runs, curves, study=STUDY):
    return convergence_table(study, runs, curves, judge_study(study, runs))


def test_epochs_are_compared_seed_by_seed_and_censored_runs_counted(runs, curves):
    row = table_of(runs, curves).iloc[0]
    lost = LINEAR.copy()
    lost[3] = numpy.nan
    known = epochs_to_threshold(EPOCHS, lost, NONE, 0.9)
    assert (row["treatment"], row["baseline"]) == (25.0, 32.5)  # 20, 30, 10, budget 40; 30, budget 40, 20, 40
    assert (row["difference"], row["low"], row["p"]) == pytest.approx((known.estimate, known.low, known.p))
    ratio = efficiency_ratio(known)
    assert (row["ratio"], row["ratio_low"]) == pytest.approx((ratio.estimate, ratio.low))
    assert row["ratio"] == pytest.approx(25 / 32.5)
    assert (row["censored_treatment"], row["censored_baseline"], row["both_censored"]) == (1, 1, 0)


def test_the_area_is_the_mean_height_and_a_diverged_run_the_constant(runs, curves):
    row = table_of(runs, curves).iloc[0]
    scored = LINEAR.copy()
    scored[3] = 0.5
    weights = numpy.array([0.5, 1, 1, 0.5]) / 3
    t = paired_t(100 * (scored - NONE) @ weights)
    assert (row["area"], row["area_low"], row["area_high"]) == pytest.approx((t.estimate, t.low, t.high))


def test_arms_of_different_epochs_are_not_compared_and_still_count(runs, curves):
    table = table_of(runs, curves)
    assert table["note"].tolist() == ["", "arms of different epochs"]
    assert table["p_adjusted"][0] == pytest.approx(min(1.0, 2 * table["p"][0]))


def test_without_curves_there_is_a_note(runs):
    assert table_of(runs, curve_table({}))["note"][0] == "no curves of equal epochs"


def test_without_a_threshold_there_is_nothing(runs, curves):
    assert table_of(runs, curves, replace(STUDY, threshold=None)).empty


def test_the_report_says_the_ratio_and_who_never_gets_there(runs, curves):
    found = findings("fast", STUDY, Tables(runs, curves, figure_table({})))
    text = page(found, sections_of(found))
    assert "## Convergence (descriptive)" in text
    assert "reaches 90 %" in text
    assert "| 0.77 [" in text
    assert "| 1 and 1 of 4 |" in text
    slow = findings("slow", replace(STUDY, threshold=None), found.tables)
    assert "## Convergence" not in page(slow, sections_of(slow))
