"""Gains by factor, against the same means by hand; what is picked looks at no test data."""

from dataclasses import replace

import numpy
import pandas
import pytest

from analysis.describing import gain_model
from analysis.describing.factors import effects_table, gains_table, picked
from analysis.statistics import left_out
from spectra_tune.design import Arm, Contrast, Corruption, Outcome, Treatment, condition_signature
from spectra_tune.engine import run_block
from tests.spectra_tune.design.test_factors import STUDY as SMALL

STUDY = replace(
    SMALL,
    arms={
        **dict(SMALL.arms),
        "strong": Treatment(sigma_end=1.0, strength=1.0),
        "frobenius": Treatment(penalty="frobenius", strength=0.01),
        "orthogonal": Arm(treatment=Treatment.none(), changes={"init": "orthogonal"}),
    },
    contrasts=[
        *((arm, "none") for arm in ("static", "strong", "frobenius")),
        Contrast(treatment="orthogonal", baseline="none", differs={"init"}),
    ],
    outcome=Outcome(
        metric="test_accuracy",
        descriptive=("test_noise_accuracy", "test_loss"),
        corruptions=Corruption(kind="noise", severity=0.5),
    ),
)


@pytest.fixture(scope="module")
def runs():
    return pandas.concat([run_block(block) for block in STUDY.blocks()], ignore_index=True)


@pytest.fixture(scope="module")
def gains(runs):
    return gains_table(STUDY, runs)


def by_hand(runs, condition, arm, metric):
    rows = runs[runs["condition_signature"] == condition_signature(condition)].set_index("seed")
    return 100 * (rows[rows["arm"] == arm][metric] - rows[rows["arm"] == "none"][metric]).mean()


def test_a_gain_is_the_mean_of_the_matched_differences(runs, gains):
    names = dict(zip(STUDY.labels().values(), STUDY.conditions, strict=True))
    assert len(gains) == 2 * 8 * 4  # of percentage points alone: the loss is in nats
    for row in gains.to_dict("records"):
        wanted = by_hand(runs, names[row["condition"]], row["arm"], row["metric"])
        assert row["gain"] == pytest.approx(wanted)
        assert row["learning_rate"] == names[row["condition"]].learning_rate


def test_effects_are_differences_of_means_over_penalties_with_a_target(gains):
    effects = effects_table(STUDY, gains)
    spectral = gains[gains["sigma_end"].notna() & (gains["metric"] == "test_accuracy")]
    own = effects[(effects["metric"] == "test_accuracy") & (effects["beyond"] == "")].set_index(["factor", "level"])
    assert own.loc[("", ""), "effect"] == pytest.approx(spectral["gain"].mean())
    for width in (4, 6):
        wanted = spectral[spectral["width"] == width]["gain"].mean() - spectral["gain"].mean()
        assert own.loc[("width", str(width)), "effect"] == pytest.approx(wanted)
    assert set(own.index.get_level_values("factor")) == {"", "task", "width", "learning_rate", "strength"}


def test_an_interaction_with_the_outcome_is_a_difference_of_effects(gains):
    effects = effects_table(STUDY, gains).set_index(["metric", "beyond", "factor", "level"])["effect"]
    at = ("width", "4")
    wanted = effects["test_noise_accuracy", "", *at] - effects["test_accuracy", "", *at]
    assert effects["test_noise_accuracy", "test_accuracy", *at] == pytest.approx(wanted)


def test_what_is_picked_gains_most_on_validation_data_and_looks_at_no_test_data(runs):
    blind = runs.assign(**{name: numpy.nan for name in runs if name.startswith("test_") and "constant" not in name})
    found = picked(STUDY, blind, 3)
    assert found.equals(picked(STUDY, runs, 3))
    assert found["condition"].is_unique
    assert found["low"].is_monotonic_decreasing
    assert set(found["arm"]) <= {"static", "strong"}
    names = dict(zip(STUDY.labels().values(), STUDY.conditions, strict=True))
    for row in found.to_dict("records"):
        wanted = by_hand(runs, names[row["condition"]], row["arm"], "validation_accuracy")
        assert row["gain"] == pytest.approx(wanted)


def shaped(gain):
    """A table of gains over twelve tasks and twelve networks, each pair once, with gain(depth, strength, draw)."""
    draw, rows = numpy.random.default_rng(0), []
    for task in range(12):
        for network in range(12):
            for strength in (0.1, 1.0):
                row = {"metric": "test_accuracy", "condition": f"{task} {network}", "arm": f"{strength}"}
                row |= {"task": f"t{task}", "network": f"n{network}", "depth": network % 4, "seeds": 5}
                row |= {"penalty": "spectrum", "strength": strength, "sigma_end": 1.0}
                rows.append(row | {"gain": gain(network % 4, strength, draw)})
    return pandas.DataFrame(rows)


@pytest.fixture
def few_trees(monkeypatch):
    monkeypatch.setattr(left_out, "TREES", 20)


@pytest.mark.usefixtures("few_trees")
def test_a_model_that_knows_what_matters_is_shown_to_be_better_and_says_what_to_expect():
    gains = shaped(lambda depth, strength, draw: 8.0 * (depth > 1) + 2.0 * (strength == 1.0) + draw.normal())
    judged = gain_model.judged_table(gains)
    assert gain_model.shown_better(judged, "test_accuracy")
    deep = gain_model.predicted(gains, judged, "test_accuracy", {"depth": 3, "task": "new"})
    flat = gain_model.predicted(gains, judged, "test_accuracy", {"depth": 1, "task": "new"})
    assert deep.treatment["strength"] == 1.0
    assert 0 < deep.low < 10 < deep.high
    assert flat.low < 2 < flat.high < 8


@pytest.mark.usefixtures("few_trees")
def test_a_model_of_noise_is_not_shown_to_be_better():
    judged = gain_model.judged_table(shaped(lambda depth, strength, draw: draw.normal()))
    assert not gain_model.shown_better(judged, "test_accuracy")
