"""Metrics beside the outcome have estimates and no p; every study has its generalization gap."""

from dataclasses import replace

import numpy
import pytest

from analysis.describing.other_metrics import descriptive_table
from analysis.judging.matching import pair
from analysis.statistics.significance import paired_t
from spectra_tune.design import NotComparable, Outcome


def test_descriptive_outcomes_have_estimates_and_no_p(study, runs):
    table = descriptive_table(study, runs)
    assert len(table) == 3 * len(study.conditions) * len(study.contrasts)  # the gap was not asked for
    assert set(table["unit"]) == {"pp", "nats"}
    assert not [name for name in table.columns if name.startswith("p")]


def test_every_study_shows_the_generalization_gap_of_its_own_measure(study, runs, of_condition):
    silent = replace(study, outcome=Outcome(metric="test_balanced_accuracy"))
    table = descriptive_table(silent, runs)
    assert set(table["metric"]) == {"balanced_accuracy_gap"}
    row = table[(table["contrast"] == "linear − static")].iloc[0]
    rows = of_condition(study.conditions[0]).set_index(["arm", "seed"])
    gap = 100 * (rows["train_balanced_accuracy"] - rows["test_balanced_accuracy"])
    by_hand = paired_t((gap["linear"] - gap["static"]).to_numpy())
    assert (row["mean"], row["low"], row["high"]) == pytest.approx((by_hand.estimate, by_hand.low, by_hand.high))
    assert (row["baseline"], row["treatment"]) == pytest.approx((gap["static"].mean(), gap["linear"].mean()))
    assert row["unit"] == "pp"


def test_the_gap_of_a_diverged_run_is_the_constants(study, of_condition):
    rows = of_condition(study.conditions[0]).reset_index(drop=True)
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
