"""A difference exists only between runs of one Condition and seed; everything else is refused by name."""

import numpy
import pandas
import pytest

from analysis.judging.matching import pair
from spectra_tune.design import Arm, Block, Condition, NotComparable, Treatment
from spectra_tune.engine import run_block
from spectra_tune.networks import mlp
from spectra_tune.tasks import moons
from tests.conftest import ARMS

STATIC = Treatment(strength=0.1, sigma_end=1.0)
CHANGED = {
    **ARMS,
    "long": Arm(treatment=STATIC, changes={"epochs": 10}),
    "he": Arm(treatment=STATIC, changes={"init": "he"}),
    "again": Arm(treatment=Treatment.none(), stream=1),
}


def trained(epochs=5, arms=CHANGED, stage="confirm"):
    condition = Condition(task=moons(samples=100), network=mlp(width=8), epochs=epochs)
    return run_block(Block(condition=condition, arms=arms, seeds=range(4), stage=stage))


@pytest.fixture(scope="module")
def runs():
    return trained()


@pytest.fixture(scope="module")
def longer():
    return trained(epochs=7)


def compared(table, treatment="linear", baseline="none", **given):
    return pair(table, **{"treatment": treatment, "baseline": baseline, "metric": "test_accuracy", **given})


def test_differences_are_taken_seed_by_seed_in_percentage_points(runs):
    found = compared(runs)
    by_seed = runs.pivot(index="seed", columns="arm", values="test_accuracy")
    expected = 100 * (by_seed["linear"] - by_seed["none"])
    assert found.seed.tolist() == [0, 1, 2, 3]
    assert found.values == pytest.approx(expected.to_numpy())
    assert found.treatment_values - found.baseline_values == pytest.approx(found.values)
    assert found.unit == "pp"


def test_row_order_does_not_matter(runs):
    shuffled = runs.sample(frac=1, random_state=3)
    assert (compared(shuffled).values == compared(runs).values).all()


def test_the_founding_lesson_is_refused(runs, longer):
    """100 epochs against 50 passed as +1.9 %: here 7 against 5 does not."""
    table = pandas.concat([longer[longer["arm"] == "linear"], runs[runs["arm"] == "none"]])
    with pytest.raises(NotComparable, match="linear and none differ in epochs: 7 and 5"):
        compared(table)


@pytest.mark.parametrize(
    ("treatment", "baseline", "says"),
    [
        ("long", "static", "epochs: 10 and 5"),
        ("he", "static", "init: he and linear"),
        ("again", "none", "stream: 1 and 0"),
    ],
)
def test_an_undeclared_change_is_refused_and_a_declared_one_is_named(runs, treatment, baseline, says):
    with pytest.raises(NotComparable, match=says):
        compared(runs, treatment, baseline)
    field = says.partition(":")[0]
    assert compared(runs, treatment, baseline, differs={field}).spans == (field,)


def test_a_declared_change_must_be_there(runs):
    with pytest.raises(NotComparable, match="must differ in the declared epochs"):
        compared(runs, differs={"epochs"})


@pytest.mark.parametrize("column", ["environment", "stage", "learning_rate", "data_digest", "init_digest"])
def test_runs_that_differ_in_what_must_match_are_refused(runs, column):
    altered = runs.copy()
    altered[column] = altered[column].astype(object)
    altered.loc[altered["arm"] == "linear", column] = "other"
    words = {"data_digest": "same data", "init_digest": "same initial weights"}
    with pytest.raises(NotComparable, match=words.get(column, column)):
        compared(altered)


def test_one_other_seed_is_enough_to_refuse(runs):
    altered = runs.copy()
    chosen = (altered["arm"] == "linear") & (altered["seed"] == 2)
    altered.loc[chosen, "init_digest"] = "other"
    with pytest.raises(NotComparable, match="seed 2"):
        compared(altered)


def test_a_seed_that_one_arm_lacks_is_reported_and_left_out(runs):
    table = runs[~((runs["arm"] == "none") & (runs["seed"] == 2))]
    found = compared(table)
    assert found.seed.tolist() == [0, 1, 3]
    assert [seed for _, seed in found.unpaired_seeds] == [2]


def test_a_repeated_row_is_one_observation(runs):
    found = compared(pandas.concat([runs, runs]))
    assert len(found) == 4
    assert found.duplicates == 8


def test_two_results_for_one_run_are_refused(runs):
    other = runs[runs["arm"] == "linear"].assign(test_accuracy=0.25)
    with pytest.raises(NotComparable, match="two different results"):
        compared(pandas.concat([runs, other]))


def test_a_diverged_run_counts_as_the_constant(runs):
    table = runs.copy()
    chosen = (table["arm"] == "linear") & (table["seed"] == 1)
    table.loc[chosen, "status"] = "diverged"
    table.loc[chosen, "test_accuracy"] = numpy.nan
    found = compared(table)
    assert found.treatment_values[1] == 50.0
    assert found.diverged_treatment.tolist() == [False, True, False, False]
    table.loc[chosen, "test_accuracy_of_constant"] = numpy.nan
    with pytest.raises(NotComparable, match="test_accuracy_of_constant is missing"):
        compared(table)


def test_a_missing_value_is_never_skipped(runs):
    table = runs.copy()
    table.loc[(table["arm"] == "none") & (table["seed"] == 1), "test_accuracy"] = numpy.nan
    with pytest.raises(NotComparable, match="must be a number"):
        compared(table)


def test_search_runs_have_no_test_metric_to_compare():
    with pytest.raises(NotComparable, match="not evaluated on test data"):
        compared(trained(arms=ARMS, stage="search"))


def test_percent_is_not_taken_for_fractions(runs):
    with pytest.raises(NotComparable, match="fractions in 0 … 1"):
        compared(runs.assign(test_accuracy=runs["test_accuracy"] * 100))


def test_equal_curves_of_different_treatments_are_suspicious(runs):
    table = runs.copy()
    metrics = [name for name in table.columns if name.split("_")[0] in ("train", "validation", "test")]
    table.loc[table["arm"] == "linear", metrics] = table.loc[table["arm"] == "none", metrics].to_numpy()
    assert compared(table).suspicious == 4
    assert compared(runs).suspicious == 0


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"treatment": "linaer"}, "no runs of arm 'linaer'"),
        ({"metric": "accuracy"}, "needs a metric of the run table"),
        ({"differs": "epochs"}, "a set of field names"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(runs, given, says):
    with pytest.raises(NotComparable, match=says):
        compared(runs, **given)


def test_a_table_that_does_not_say_what_was_matched_is_refused(runs):
    with pytest.raises(NotComparable, match="lacks the columns environment"):
        compared(runs.drop(columns="environment"))


def test_losses_keep_their_unit(runs):
    found = compared(runs, metric="test_loss")
    assert found.unit == "nats"
    assert numpy.abs(found.values).max() < 2


def test_entries_of_one_condition_can_be_taken_out(runs, longer):
    found = compared(pandas.concat([runs, longer]))
    assert len(found) == 8
    key = runs["condition_signature"].iloc[0]
    assert (found.of(key).values == compared(runs).values).all()


@pytest.mark.parametrize(
    "column",
    [
        "test_r2",
        "test_r2_of_constant",
        "probe_boundary_length",
        "sigma_7",
        "seconds",
        "device",
        "interruptions",
        "notes",
        "capacity_ratio",
    ],
)
def test_a_column_that_is_no_protocol_changes_nothing(runs, column):
    """Metrics, probes, costs and what nobody declared may differ, and be missing on one side."""
    numbers = numpy.arange(len(runs), dtype=float)
    varied = runs.assign(**{column: numpy.where(runs["arm"] == "none", numpy.nan, numbers)})
    one, other = compared(varied), compared(runs)
    assert (one.values == other.values).all()
    assert (one.suspicious, one.duplicates, one.spans) == (other.suspicious, other.duplicates, other.spans)


def test_a_networks_own_hyperparameter_is_refused_and_declared_by_its_field(runs):
    varied = runs.assign(network_channels=numpy.where(runs["arm"] == "none", 8, 16), network_bias=True)
    with pytest.raises(NotComparable, match="linear and none differ in channels: 16 and 8; declare"):
        compared(varied)
    assert compared(varied, differs={"channels"}).spans == ("channels",)
    with pytest.raises(NotComparable, match="must differ in the declared bias"):
        compared(varied, differs={"channels", "bias"})
    lone = varied.assign(condition_signature=varied["arm"])
    with pytest.raises(NotComparable, match="differ in channels: 16 and 8; runs are compared only under one Condition"):
        compared(lone)
