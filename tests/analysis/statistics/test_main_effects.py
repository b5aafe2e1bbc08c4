from itertools import product

import numpy
import pytest

from analysis.statistics.main_effects import main_effects

COLOURS = {"red": 2.0, "green": -1.5, "blue": -0.5}
SIZES = {1: -1.0, 2: 1.0}


def rows(repeats=3):
    return [(colour, size) for colour, size in product(COLOURS, SIZES) for _ in range(repeats)]


def test_levels_of_a_sum_of_factors_are_found_whatever_the_others_are():
    given = [*rows(), ("red", 1), ("red", 1), ("blue", 2)]  # unbalanced
    y = [4.0 + COLOURS[colour] + SIZES[size] for colour, size in given]
    found = main_effects(y, {"colour": [c for c, _ in given], "size": [s for _, s in given]}, range(len(given)))
    assert found.mean.estimate == pytest.approx(4.0)
    for name, truth in (("colour", COLOURS), ("size", SIZES)):
        assert {level: one.estimate for level, one in found.levels[name].items()} == pytest.approx(truth)
    assert found.clusters == len(given)


def test_effects_of_a_balanced_design_are_differences_of_means():
    given, draw = rows(), numpy.random.default_rng(1)
    y = draw.normal(size=len(given))
    found = main_effects(y, {"colour": [c for c, _ in given], "size": [s for _, s in given]}, range(len(given)))
    for colour in COLOURS:
        mean = numpy.mean([value for value, (c, _) in zip(y, given, strict=True) if c == colour])
        assert found.levels["colour"][colour].estimate == pytest.approx(mean - y.mean())


def test_intervals_from_clusters_cover_where_rows_of_a_cluster_agree():
    """Ten rows of each of 24 clusters share nearly everything; an interval over rows would cover half as often."""
    draw, covered, alarms = numpy.random.default_rng(2), 0, 0
    colours = [colour for colour in COLOURS for _ in range(8)]
    for _ in range(400):
        of_clusters = draw.normal(size=24)
        y = numpy.repeat(of_clusters, 10) + 0.1 * draw.normal(size=240)
        clusters = numpy.repeat(range(24), 10)
        found = main_effects(y, {"colour": [colours[at] for at in clusters]}, list(clusters))
        red = found.levels["colour"]["red"]
        covered += red.low <= 0 <= red.high
        alarms += found.differ["colour"].p < 0.05
    assert 0.91 <= covered / 400 <= 0.98
    assert alarms / 400 <= 0.09


def test_a_factor_that_matters_is_told_from_one_that_does_not():
    draw, given = numpy.random.default_rng(3), rows(8)
    y = [COLOURS[colour] + draw.normal() for colour, _ in given]
    found = main_effects(y, {"colour": [c for c, _ in given], "size": [s for _, s in given]}, range(len(given)))
    assert found.differ["colour"].p < 1e-6
    assert found.differ["size"].p > 0.05


def test_factors_that_cannot_be_told_apart_and_too_few_clusters_are_refused():
    given = rows()
    colours = [colour for colour, _ in given]
    with pytest.raises(ValueError, match="cannot be told apart"):
        main_effects([0.0] * len(given), {"a": colours, "b": colours}, range(len(given)))
    with pytest.raises(ValueError, match="3 numbers need 6 clusters, got 5"):
        main_effects([0.0, 1.0] * 5, {"a": ["x", "y", "z", "x", "y"] * 2}, [0, 1, 2, 3, 4] * 2)
