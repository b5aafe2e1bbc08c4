"""What a treatment costs is timed alone, and a gain is worth using only with its cost."""

import pandas
import pytest

from analysis.describing.cost import gain_per_overhead, overhead_of, overhead_ratio, seconds_of_arms, worth_using
from analysis.statistics.estimate import Estimate
from spectra_tune.results import COST_REPEATS
from tests.oracles import expected, given, near

LOG_T = "overhead_ratio_log_t"


def interval(low, high):
    return Estimate(estimate=(low + high) / 2, low=low, high=high, n=5, method="given")


def timed(**seconds_by_arm):
    rows = [
        {"condition_signature": "c", "arm": arm, **dict(zip(COST_REPEATS, of_arm, strict=True))}
        for arm, of_arm in seconds_by_arm.items()
        for _ in range(3)
    ]
    return pandas.DataFrame(rows)


def test_the_overhead_agrees_with_r():
    found = overhead_ratio(given(LOG_T)["numerator"], given(LOG_T)["denominator"])
    assert found.estimate == near(LOG_T, expected(LOG_T)["ratio"])
    assert [found.low, found.high] == [near(LOG_T, bound) for bound in expected(LOG_T)["ci95"]]
    assert found.p == near(LOG_T, expected(LOG_T)["p"])


def test_the_repeats_of_a_run_table_count_once_however_many_runs_carry_them():
    one, other = (2.0, 2.2, 2.1, 2.0, 2.3), (1.0, 1.1, 1.0, 1.0, 1.1)
    seconds = seconds_of_arms(timed(linear=one, none=other))
    assert overhead_of(seconds["c", "linear"], seconds["c", "none"]) == overhead_ratio(one, other)


def test_arms_that_were_not_timed_have_no_overhead():
    nan = (float("nan"),) * 5
    seconds = seconds_of_arms(timed(linear=nan, none=nan))
    assert overhead_of(seconds["c", "linear"], seconds["c", "none"]) is None
    assert overhead_of(seconds["c", "linear"], None) is None
    assert seconds_of_arms(pandas.DataFrame({"condition_signature": ["c"], "arm": ["none"]})) == {}


def test_gain_per_overhead_needs_an_overhead():
    assert gain_per_overhead(interval(1.0, 3.0), interval(1.1, 1.3)) == pytest.approx(2.0 / 20)
    assert gain_per_overhead(interval(1.0, 3.0), interval(0.9, 1.3)) is None


SUPPORTED = "supported, at least the margin"


@pytest.mark.parametrize(
    ("verdict", "time", "equal_time", "decision"),
    [
        ("harmful, at least the margin", (0.5, 0.6), None, "avoid"),
        ("harmful, size open", (0.5, 0.6), None, "avoid"),
        ("harmful but negligible", (0.5, 0.6), None, "avoid"),
        ("unsafe", (0.5, 0.6), None, "avoid"),
        ("equivalent", (0.5, 0.6), None, "avoid"),
        ("supported but negligible", (0.5, 0.6), None, "avoid"),
        ("inconclusive", (0.5, 0.6), None, "collect more"),
        ("not comparable", (0.5, 0.6), None, "collect more"),
        (SUPPORTED, None, None, "collect more"),
        (SUPPORTED, (1.0, 1.1), None, "use"),
        ("supported, size open", (1.0, 1.05), None, "use"),
        (SUPPORTED, (1.0, 1.5), None, "collect more"),
        (SUPPORTED, (1.0, 1.5), SUPPORTED, "optional"),
        (SUPPORTED, (1.0, 1.5), "inconclusive", "avoid"),
    ],
)
def test_the_decision_follows_from_verdict_and_cost(verdict, time, equal_time, decision):
    overhead = None if time is None else interval(*time)
    found = worth_using(verdict, overhead, equal_time_verdict=equal_time)
    assert found.name == decision
    assert found.reason
