"""Means of bounded values have intervals within the bounds."""

import math

import numpy
import pytest

from analysis.statistics.bounded_mean import bounded_mean
from analysis.statistics.significance import paired_t

EVERYWHERE = (-math.inf, math.inf)
NEAR_THE_TOP = [0.97, 1.0, 1.0, 0.99, 1.0]


@pytest.mark.parametrize("bounds", [(0.0, 1.0), (-math.inf, 1.0), (0.0, math.inf), (0.5, 1.0)])
@pytest.mark.parametrize("level", [0.8, 0.95, 0.999])
def test_an_interval_is_within_the_bounds_and_around_the_mean(bounds, level):
    found = bounded_mean(NEAR_THE_TOP, bounds, level)
    assert found.estimate == pytest.approx(0.992)
    assert bounds[0] <= found.low < found.estimate < found.high <= bounds[1]
    assert (found.df, found.n) == (4, 5)


def test_by_hand_on_the_scale_of_the_arcsine():
    found = bounded_mean([93.0, 94.0, 95.0], (0.0, 100.0))
    half = 4.302652729911275 * 1.0 / 3**0.5
    at, slope = math.asin(0.94**0.5), (math.asin(0.940001**0.5) - math.asin(0.939999**0.5)) / 0.0002
    expected = [100 * math.sin(at + side * slope * half) ** 2 for side in (-1, 1)]
    assert [found.low, found.high] == pytest.approx(expected)


def test_one_bound_is_a_logarithm_and_none_a_t_interval():
    values = [0.1, 0.2, 0.4]
    mean, half = numpy.mean(values), 4.302652729911275 * numpy.std(values, ddof=1) / 3**0.5
    above = bounded_mean(values, (0.0, math.inf))
    assert [above.low, above.high] == pytest.approx([mean * math.exp(-half / mean), mean * math.exp(half / mean)])
    turned = bounded_mean([-value for value in values], (-math.inf, 0.0))
    assert [turned.low, turned.high] == pytest.approx([-above.high, -above.low])
    free, t = bounded_mean(values, EVERYWHERE), paired_t(values)
    assert [free.low, free.high] == pytest.approx([t.low, t.high])


def test_percent_are_a_hundred_times_fractions_and_errors_mirror_accuracies():
    fractions, percent = bounded_mean(NEAR_THE_TOP, (0, 1)), bounded_mean(100 * numpy.array(NEAR_THE_TOP), (0, 100))
    assert [percent.low, percent.high] == pytest.approx([100 * fractions.low, 100 * fractions.high])
    errors = bounded_mean(1 - numpy.array(NEAR_THE_TOP), (0, 1))
    assert [errors.low, errors.high] == pytest.approx([1 - fractions.high, 1 - fractions.low])


@pytest.mark.parametrize("value", [0.0, 0.4, 1.0])
def test_values_that_do_not_vary_have_themselves_as_interval(value):
    found = bounded_mean([value] * 4, (0.0, 1.0))
    assert (found.low, found.estimate, found.high) == (value, value, value)


def test_rounding_beyond_a_bound_is_let_through_and_more_is_refused():
    found = bounded_mean([1 + 1e-8, 1.0], (0.0, 1.0))
    assert (found.estimate, found.high) == (1.0, 1.0)
    with pytest.raises(ValueError, match=r"must lie within 0 … 1, got 0\.9 … 1\.2"):
        bounded_mean([0.9, 1.2], (0.0, 1.0))
    with pytest.raises(ValueError, match="finite"):
        bounded_mean([0.9, numpy.nan], (0.0, 1.0))
