"""What cannot be paired or counted, or does not bear out its declaration, is refused in one line."""

from dataclasses import replace

import pandas
import pytest

from tests.tools.elsewhere import DECLARATION, judged, refused


def cell(table, row, column, value):
    changed = table.astype({column: object})
    changed.loc[table.index[row], column] = value
    return changed


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda t: t[(t["optimizer"] != "adam") | (t["random_seed"] > 43)], "only sgd has random_seed 42, 43 at "),
        (lambda t: cell(t, 2, "random_seed", 99), "only adam has random_seed 99 and only sgd has random_seed 42"),
        (lambda t: t[(t["optimizer"] != "adam") | (t["testproblem"] != "fmnist_vae")], "at testproblem fmnist_vae"),
        (lambda t: cell(t, 0, "test_acc", None), "test_acc of sgd, random_seed 42 (0) is missing"),
        (lambda t: cell(t, 0, "test_acc", "nan"), "is nan; without the score of a constant predictor"),
        (lambda t: cell(t, 0, "test_acc", float("inf")), "is inf"),
        (lambda t: cell(t, 0, "test_acc", "93,1"), "must be a number such as 0.93, got '93,1'"),
        (lambda t: cell(t, 0, "test_acc", "9_3"), "must be a number such as 0.93, got '9_3'"),
        (lambda t: cell(t, 0, "test_acc", True), "must be a number such as 0.93, got True"),
        (lambda t: cell(t, 0, "test_acc", 101.0), "must be percent in 0 … 100"),
        (lambda t: cell(t, 0, "test_acc", -1.0), "must be percent in 0 … 100"),
        (lambda t: cell(t, 0, "test_acc", 0.93), "must not mix percent with fractions, it has 0.93 (0) and"),
        (lambda t: t.assign(test_acc=t["test_acc"] / 100), "nothing above 1: give --fraction"),
        (lambda t: cell(t, 0, "optimizer", " "), "every run needs its optimizer, 0 has none"),
        (lambda t: cell(t, 0, "random_seed", None), "every run needs its random_seed, 0 has none"),
        (lambda t: cell(t, 0, "testproblem", None), "every run needs its testproblem, 0 has none"),
        (lambda t: t[t["optimizer"] == "sgd"], "needs two arms, the column 'optimizer' has 'sgd' alone"),
        (lambda t: t[t["random_seed"] < 46], "needs at least 5 seeds, adam and sgd have 4 at testproblem cifar10_3c3d"),
        (
            lambda t: t.rename(columns={"test_acc": "test_accuracy"}),
            "no column 'test_acc'; did you mean 'test_accuracy'",
        ),
        (lambda t: pandas.concat([t, t[["test_acc"]]], axis=1), "2 columns 'test_acc'"),
    ],
)
def test_what_cannot_be_paired_or_counted_is_refused(small, change, says):
    line = refused(change(small).pipe(lambda t: t[t["optimizer"].isin(["sgd", "adam", " "]) | t.index.isin([0])]))
    assert says in line


def test_two_values_of_one_run_are_refused_with_both(small):
    twice = pandas.concat([small, small.iloc[:1].assign(test_acc=1.5)], ignore_index=True)
    line = refused(twice)
    assert "sgd, random_seed 42 at testproblem cifar10_3c3d has " in line
    assert "1.5 (64)" in line


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"baseline": "sdg"}, "no arm 'sdg'; did you mean 'sgd'?"),
        ({"treatments": ("adam", "mometum")}, "no arm 'mometum'; did you mean 'momentum'?"),
        ({"selected_on": ("44", "7", "45.0")}, "seeds 44, 45 were used for selection"),
        ({"given_in": "fractions"}, "must be fractions in 0 … 1, got "),
        ({"conditions": ("test_problem",)}, "did you mean 'testproblem'?"),
    ],
)
def test_a_declaration_that_the_table_does_not_bear_out_is_refused(small, changes, says):
    assert says in refused(small, replace(DECLARATION, **changes))


def test_seeds_that_selected_and_are_not_in_the_table_are_no_obstacle(small):
    assert judged(small, replace(DECLARATION, selected_on=("7", "8")))


def test_without_a_declared_unit_only_what_can_hardly_be_anything_else_is_called_mixed(small):
    own = replace(DECLARATION, given_in=None)
    assert "seems to mix percent with fractions" in refused(cell(small, 0, "test_acc", 0.93), own)
    rewards = small.assign(test_acc=small["test_acc"] / 70)  # on both sides of 1, and nothing apart
    assert judged(rewards, own)
    losses = cell(small.assign(test_acc=small["test_acc"] / 100), 0, "test_acc", 50.0)
    assert judged(losses, replace(own, lower_is_better=True))
