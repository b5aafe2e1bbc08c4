"""A power law is fitted as R fits it, and claimed only where the points can carry it."""

import math

import numpy
import pytest

from analysis.statistics.scaling import power_law
from tests.oracles import expected, given, near

CARS = "power_law_cars"
X = numpy.array([8.0, 16, 32, 64, 128])
WIGGLE = numpy.exp([0.02, -0.03, 0.01, 0.02, -0.02])


def test_the_fit_of_cars_agrees_with_r():
    found, known = power_law(given(CARS)["x"], given(CARS)["y"]), expected(CARS)
    assert found.estimate == near(CARS, known["loglog"]["exponent"])
    assert [found.low, found.high] == [near(CARS, bound) for bound in known["loglog"]["ci95"]]
    assert math.log(found.prefactor.estimate) == near(CARS, known["loglog"]["log_prefactor"])
    assert found.r_squared == near(CARS, known["loglog"]["r2"])
    assert found.spread == near(CARS, known["loglog"]["sigma"])
    assert found.additive.estimate == near(CARS, known["nls"]["b"])


def test_a_prediction_beyond_the_points_is_marked():
    fit = power_law(given(CARS)["x"], given(CARS)["y"])
    found = fit.predict(50)
    logs = [math.log(value) for value in (found.estimate, found.low, found.high)]
    assert logs == [near(CARS, value) for value in expected(CARS)["log_prediction_interval_at_50"]]
    assert found.extrapolated
    assert not fit.predict(20).extrapolated


def test_a_law_without_noise_is_found_exactly():
    found = power_law(X, 3 * X**-0.5)
    assert (found.status, found.reasons) == ("claimed", ())
    assert [found.estimate, found.low, found.high] == [pytest.approx(-0.5)] * 3
    assert found.prefactor.estimate == pytest.approx(3)


def test_a_law_with_little_noise_is_claimed_with_its_interval():
    found = power_law(X, 3 * X**0.4 * WIGGLE)
    assert found.status == "claimed"
    assert found.low < 0.4 < found.high


@pytest.mark.parametrize(
    ("x", "y", "grid", "reason"),
    [
        ([1, 10, 100, 1000], [1, 3.1, 10.2, 31], None, "4 distinct x, at least 5 are needed"),
        ([8, 10, 12, 14, 16], [1, 1.1, 1.2, 1.28, 1.4], None, "x spans a factor of 2, at least 8 is needed"),
        (X, numpy.exp(-0.3 * (numpy.log(X) - 3) ** 2) * WIGGLE, None, "the points curve in log-log"),
        (X, numpy.exp(0.05 * X) * WIGGLE, None, "an exponential describes the points better"),
        (X, [0.5, 1.0, 1.0, 2.0, 4.0], [0.5, 1.0, 2.0, 4.0], "2 of 5 optima lie at the edge of their grid"),
    ],
)
def test_each_gate_alone_forbids_the_claim_but_not_the_fit(x, y, grid, reason):
    found = power_law(x, y, grid=grid)
    assert found.status == "no exponent claimed"
    assert any(reason in given for given in found.reasons)
    assert found.low < found.estimate < found.high


def test_two_points_are_not_fitted():
    found = power_law([1, 100], [1, 10])
    assert (found.status, found.estimate, found.p) == ("no exponent claimed", None, None)
    with pytest.raises(ValueError, match="nothing can be predicted"):
        found.predict(10)


def test_three_depths_claim_nothing():
    found = power_law([2, 4, 8], [1.1, 1.9, 2.3])
    assert found.status == "no exponent claimed"
    assert found.high - found.low > 1


@pytest.mark.parametrize("y", [[1, 2, 0, 4, 5], [1, 2, -3, 4, 5], [1, 2, math.nan, 4, 5], [1, 2]])
def test_what_has_no_logarithm_is_refused(y):
    with pytest.raises(ValueError, match="power law needs"):
        power_law(X, y)
