import numpy
import pandas
import pytest

from analysis.statistics import left_out
from analysis.statistics.left_out import better_than_nothing, forest, half_width, numbers, predict_left_out

GROUPS = [group for group in "abcdefgh" for _ in range(24)]


@pytest.fixture(autouse=True)
def few_trees(monkeypatch):
    monkeypatch.setattr(left_out, "TREES", 20)


def drawn(seed):
    """Rows whose y is a step in x."""
    draw = numpy.random.default_rng(seed)
    x = pandas.DataFrame({"x": draw.uniform(-1, 1, len(GROUPS))})
    return x, numpy.where(x["x"] > 0, 3.0, 0.0) + draw.normal(size=len(GROUPS))


def test_what_holds_in_all_groups_is_predicted_in_one_that_was_left_out():
    x, y = drawn(0)
    found = better_than_nothing(y, predict_left_out(x, y, GROUPS), GROUPS)
    assert found.low > 0
    assert found.p == pytest.approx(2 / 2**8)
    assert found.n == 8


def test_a_prediction_has_not_seen_its_group():
    """Whatever the group's own y are, its predictions are the same; those of others are not."""
    x, y = drawn(1)
    own = numpy.array([group == "a" for group in GROUPS])
    one, other = predict_left_out(x, y, GROUPS), predict_left_out(x, y + 100.0 * own, GROUPS)
    assert numpy.array_equal(one[own], other[own])
    assert not numpy.array_equal(one[~own], other[~own])


def test_noise_is_not_shown_to_be_predicted():
    draw, shown = numpy.random.default_rng(2), 0
    for _ in range(200):
        y, told = draw.normal(size=len(GROUPS)), 0.1 * draw.normal(size=len(GROUPS))
        found = better_than_nothing(y, told, GROUPS)
        shown += found.p < 0.05 and found.estimate > 0
    assert shown / 200 <= 0.05


def test_equal_tables_have_equal_predictions():
    x, y = drawn(3)
    one, other = (forest().fit(x.to_numpy(), y).predict(x.to_numpy()) for _ in range(2))
    assert numpy.array_equal(one, other)


def test_an_interval_holds_as_many_left_out_errors_as_it_says():
    errors = numpy.arange(1.0, 100.0)
    assert half_width(errors, numpy.zeros(99)) == 95.0
    assert half_width(numpy.ones(10), numpy.zeros(10)) == float("inf")


def test_words_become_columns_and_what_is_missing_stays_missing():
    table = numbers(pandas.DataFrame({"kind": ["a", "b", "a"], "depth": [1.0, None, 2.0]}))
    assert table["kind_a"].tolist() == [1, 0, 1]
    assert numpy.isnan(table["depth"][1])
