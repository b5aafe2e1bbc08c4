"""A metric whose less is better gets the verdicts of its gains, in its own unit and in words that say so."""

import re
from dataclasses import asdict, replace

import numpy
import pandas
import pytest

from analysis.judging.contrasts import contrast_table, judge_study
from analysis.judging.generalization import gap_of, sides_of
from analysis.judging.matching import pair
from analysis.judging.rules import Rules
from analysis.judging.verdict import judge
from analysis.judging.verdict_name import (
    AT_LEAST_THE_MARGIN,
    CLAIMS,
    HARMFUL,
    NEGLIGIBLE,
    SIZE_OPEN,
    SUPPORTED,
    WITHOUT_A_GAIN_THAT_MATTERS,
    VerdictName,
)
from spectra_tune.design import NotComparable, Outcome, Seeds, Study, grid
from spectra_tune.engine import run_block
from spectra_tune.networks import mlp
from tests.analysis.judging.test_verdict import BANNED, NO_WORDS, RULES, SPREAD, contrast
from tests.conftest import ARMS
from tests.tools.regression import Waves

STUDY = Study(
    question="Are numbers predicted better?",
    conditions=grid(task=[Waves()], network=[mlp(width=8)], epochs=[30], learning_rate=[0.05]),
    arms=ARMS,
    contrasts=[("static", "none"), ("linear", "none")],
    seeds=Seeds(confirm=range(8)),
    outcome=Outcome(metric="test_mse", margin=0.02, alpha=0.05),
)
OF_ERROR = Rules(margin=0.01, alpha=0.01, tests=1)


def as_error(one):
    """A contrast of percent as one of mean squared errors: 100 % are 0, a point is 0.01."""
    turned = {name: 1 - getattr(one, name) / 100 for name in ("treatment_values", "baseline_values", "constant")}
    return replace(one, metric="test_mse", **turned)


@pytest.fixture(scope="module")
def runs():
    return run_block(STUDY.blocks()[0])


@pytest.mark.parametrize("name", RULES)
def test_errors_that_mirror_percent_get_the_same_verdict_and_the_same_p(name):
    (known,) = judge([RULES[name]], replace(OF_ERROR, margin=1.0))
    (found,) = judge([as_error(RULES[name])], OF_ERROR)
    assert found.name == known.name == name
    mine, theirs = asdict(found.statistics), asdict(known.statistics)
    for key in ("p_t", "p_flip_adjusted", "p_margin_adjusted", "p_tost_adjusted", "p_divergence", "better", "n"):
        assert mine[key] == (None if theirs[key] is None else pytest.approx(theirs[key], rel=1e-6)), key
    for key in ("mean", "low", "high", "low90", "bound"):
        assert mine[key] == (None if theirs[key] is None else pytest.approx(theirs[key] / 100)), key
    assert not re.search(f"{BANNED}|{NO_WORDS}| pp| %(?! interval| bound| power| limit)", found.sentence)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        (
            "supported, at least the margin",
            "Improves held-out mean squared error by 0.0200 [0.0179, 0.0221] (lower is better) (8 matched seeds; t p",
        ),
        (
            "supported but negligible",
            "Improves held-out mean squared error by 0.0030 [0.0023, 0.0037] (lower is better): real but negligible,",
        ),
        (
            "supported, size open",
            "Improves held-out mean squared error by 0.0090 [0.0069, 0.0111] (lower is better); whether by 0.01",
        ),
        (
            "harmful, at least the margin",
            "Worsens held-out mean squared error by 0.0200 [0.0179, 0.0221] (lower is better) (8 matched seeds; t p",
        ),
        (
            "harmful but negligible",
            "Worsens held-out mean squared error by 0.0030 [0.0023, 0.0037] (lower is better): real but negligible,",
        ),
        (
            "harmful, size open",
            "Worsens held-out mean squared error by 0.0090 [0.0069, 0.0111] (lower is better); whether by 0.01",
        ),
        ("equivalent", "No effect larger than ±0.01: a gain of 0.0002, 90 % interval [-0.0015, 0.0019] (lower is bett"),
        ("inconclusive", "Inconclusive: a gain of 0.0060 [-0.0078, 0.0198] (lower is better) (8 matched seeds"),
        ("uninformative", "Nothing to compare: neither arm learned the task (0.5000 and 0.5000; a constant scores 0.5"),
    ],
)
def test_sentences_say_the_gain_and_that_less_is_better(name, says):
    (found,) = judge([as_error(RULES[name])], OF_ERROR)
    assert found.sentence.startswith(says)


def test_units_and_digits_are_the_metrics_own():
    nats = replace(as_error(RULES["harmful, at least the margin"]), metric="test_loss")
    assert judge([nats], OF_ERROR)[0].sentence.startswith(
        "Worsens held-out cross-entropy by 0.0200 nats [0.0179, 0.0221]"
    )
    explained = replace(contrast(-2 + 0.3 * SPREAD), metric="test_r2")
    parts = ("treatment_values", "baseline_values", "constant")
    explained = replace(explained, **{name: getattr(explained, name) / 100 for name in parts})
    (found,) = judge([explained], OF_ERROR)
    assert found.sentence.startswith("Reduces held-out R² by 0.0200 [0.0179, 0.0221] (8 matched seeds")
    harmful = as_error(RULES["harmful, at least the margin"])
    thousands = replace(harmful, **{name: 1e5 * getattr(harmful, name) for name in parts})
    assert "by 2000.00 [1793.61, 2206.39] (lower" in judge([thousands], replace(OF_ERROR, margin=1000.0))[0].sentence


def test_an_error_of_zero_is_the_ceiling():
    at_best = as_error(contrast(-2 + 0.3 * SPREAD, baseline=100.0))
    (found,) = judge([at_best], OF_ERROR)
    assert found.name == VerdictName.HARMFUL_AT_LEAST_THE_MARGIN
    assert "Ceiling: at least half of the baseline's runs are at 0." in found.sentence
    (found,) = judge([as_error(contrast(numpy.zeros(8), baseline=100.0))], OF_ERROR)
    assert found.name == VerdictName.UNINFORMATIVE


@pytest.mark.parametrize(
    ("value", "says"), [(-0.5, "must be 0 … inf"), (numpy.nan, "must be finite"), (numpy.inf, "must be finite")]
)
def test_what_is_no_error_is_refused(value, says):
    one = as_error(contrast(SPREAD))
    with pytest.raises(ValueError, match=says):
        judge([replace(one, treatment_values=numpy.full(8, value))], OF_ERROR)


def test_gains_turn_differences_and_leave_accuracies_alone(runs):
    found = pair(runs, treatment="static", baseline="none", metric="test_mse")
    by_seed = runs.pivot(index="seed", columns="arm", values="test_mse")
    assert found.values == pytest.approx((by_seed["static"] - by_seed["none"]).to_numpy())
    assert (found.gains == -found.values).all()
    assert found.unit == ""
    explained = pair(runs, treatment="static", baseline="none", metric="test_r2")
    assert (explained.gains == explained.values).all()


def test_errors_beyond_their_bounds_are_refused(runs):
    with pytest.raises(NotComparable, match=r"test_mse must be in 0 … inf"):
        pair(runs.assign(test_mse=-runs["test_mse"]), treatment="static", baseline="none", metric="test_mse")


def test_the_gap_of_an_error_is_what_is_lost_from_training_to_test_data(runs):
    assert sides_of(gap_of("test_mse")) == ("test_mse", "train_mse")
    assert sides_of(gap_of("test_r2")) == ("train_r2", "test_r2")
    found = pair(runs, treatment="static", baseline="none", metric=gap_of("test_mse"))
    rows = runs.pivot(index="seed", columns="arm", values=["train_mse", "test_mse"])
    lost = rows["test_mse"] - rows["train_mse"]
    assert found.treatment_values == pytest.approx(lost["static"].to_numpy())
    assert found.values == pytest.approx((lost["static"] - lost["none"]).to_numpy())


def test_a_study_of_errors_is_judged(runs):
    """Runs that are made better by a known amount are told to be."""
    rng = numpy.random.default_rng(0)
    better = runs.copy()
    of_static = better["arm"] == "static"
    none = better[better["arm"] == "none"].set_index("seed")["test_mse"]
    gains = 0.05 + 0.002 * rng.normal(size=8)
    better.loc[of_static, "test_mse"] = none.loc[better.loc[of_static, "seed"]].to_numpy() + 0.2 - gains
    better.loc[better["arm"] == "none", "test_mse"] += 0.2
    table = contrast_table(judge_study(STUDY, better)).set_index("treatment")
    assert table.loc["static", "verdict"] == "supported, at least the margin"
    assert table.loc["static", "mean"] == pytest.approx(gains.mean())
    turned = better.assign(arm=better["arm"].replace({"static": "none", "none": "static"}))
    table = contrast_table(judge_study(STUDY, turned)).set_index("treatment")
    assert table.loc["static", "verdict"] == "harmful, at least the margin"


def test_a_diverged_run_counts_as_the_mean_of_its_test_set(runs):
    lost = runs.copy()
    at = (lost["arm"] == "static") & (lost["seed"] == 2)
    lost.loc[at, ["status", "test_mse"]] = ["diverged", numpy.nan]
    found = pair(lost, treatment="static", baseline="none", metric="test_mse")
    assert found.treatment_values[2] == pytest.approx(Waves().draw("test", 2)[1].var(), rel=1e-4)
    assert found.diverged_treatment.tolist() == [False, False, True] + [False] * 5


def test_names_of_verdicts_are_the_words_that_reports_print():
    assert [str(name) for name in VerdictName] == list(RULES)
    assert {"supported, at least the margin", "supported, size open"} == SUPPORTED
    assert {"harmful, at least the margin", "harmful, size open"} == HARMFUL
    assert {"supported but negligible", "harmful but negligible"} == NEGLIGIBLE
    assert SUPPORTED | HARMFUL | NEGLIGIBLE == CLAIMS == AT_LEAST_THE_MARGIN | NEGLIGIBLE | SIZE_OPEN
    assert NEGLIGIBLE | {"equivalent"} == WITHOUT_A_GAIN_THAT_MATTERS
    assert pandas.Series([VerdictName.UNSAFE]).eq("unsafe").all()
