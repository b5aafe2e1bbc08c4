"""How far the data speak for pairs that somebody declares, and what is suspicious about them."""

import numpy
import pytest
from scipy import stats

from analysis.describing.pairs import AGAINST, FOR, NOTHING, pairs_table
from analysis.judging.declared import declared, judge_declared
from tests.tools.elsewhere import DECLARATION, PROBLEMS, results


def table_of(treatment, baseline):
    """The only row of two arms with these values on as many seeds."""
    table = results(PROBLEMS[:1], seeds=len(baseline))
    table = table[table["optimizer"].isin(["sgd", "adam"])].sort_values(["optimizer", "random_seed"])
    table = table.assign(test_acc=[*treatment, *baseline])
    (row,) = pairs_table(judge_declared(declared(table, DECLARATION, "table.csv"))).to_dict("records")
    return row


BASELINE = 50 + numpy.random.default_rng(1).normal(0, 1, 10)
NOISE = numpy.random.default_rng(5).normal(0, 0.3, 10)


@pytest.mark.parametrize(
    ("treatment", "says"), [(BASELINE + NOISE, FOR), (100 - BASELINE + NOISE, AGAINST), (60 + NOISE, NOTHING)]
)
def test_the_correlation_of_the_pairs_speaks_for_or_against_or_says_nothing(treatment, says):
    row = table_of(treatment, BASELINE)
    assert row["r"] == pytest.approx(stats.pearsonr(treatment, BASELINE)[0])
    assert row["low"] < row["r"] < row["high"]
    assert row["says"] == says
    assert row["note"] == ""


def test_values_that_are_equal_are_counted():
    assert table_of([*BASELINE[:3], *(BASELINE[3:] + 1)], BASELINE)["identical"] == 3


@pytest.mark.parametrize(
    ("treatment", "note"),
    [
        (BASELINE, "is one a copy of the other?"),
        (BASELINE[::-1], "is one a shuffled copy of the other?"),
        (numpy.full(10, 51.5), "adam has one value at every seed"),
    ],
)
def test_what_two_trained_arms_would_hardly_show_is_suspicious(treatment, note):
    assert note in table_of(treatment, BASELINE)["note"]
