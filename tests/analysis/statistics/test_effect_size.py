"""Standardised effects agree with R, their intervals invert the noncentral t, and odd data give None."""

import numpy
import pytest
from scipy import integrate, stats

from analysis.statistics.effect_size import d_z, g_z
from tests.oracles import CASES

SLEEP = CASES["effect_sizes_sleep"]
SLEEP_D = numpy.subtract(SLEEP["input"]["treatment"], SLEEP["input"]["baseline"])


@pytest.mark.parametrize(("effect", "key"), [(d_z, "d_z"), (g_z, "g_z")])
def test_effect_sizes_are_those_of_r(effect, key):
    found, expected, tol = effect(SLEEP_D), SLEEP["expected"], SLEEP["tol"]
    assert found.estimate == pytest.approx(expected[key], rel=tol, abs=tol)
    assert [found.low, found.high] == pytest.approx(expected[f"{key}_ci95"], rel=tol, abs=tol)
    assert (found.n, found.df, found.method) == (10, 9, key)


def test_the_correction_is_that_of_nine_degrees_of_freedom_not_of_eighteen():
    expected = SLEEP["expected"]["J_exact_df9"]
    assert g_z(SLEEP_D).estimate / d_z(SLEEP_D).estimate == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("level", [0.8, 0.95, 0.99])
def test_the_interval_s_ends_are_where_the_observed_t_is_a_quantile(level):
    d = numpy.random.default_rng(0).normal(0.7, 1, 8)
    found = d_z(d, level)
    tails = [
        stats.nct.sf(found.statistic, 7, found.low * 8**0.5),
        stats.nct.cdf(found.statistic, 7, found.high * 8**0.5),
    ]
    assert tails == pytest.approx([(1 - level) / 2] * 2, abs=1e-9)


def test_an_effect_changes_sign_with_its_differences_and_has_no_unit():
    found, mirrored, scaled = d_z(SLEEP_D), d_z(-SLEEP_D), d_z(100 * SLEEP_D)
    assert [mirrored.estimate, mirrored.low, mirrored.high] == pytest.approx([-found.estimate, -found.high, -found.low])
    assert [scaled.estimate, scaled.low, scaled.high] == pytest.approx([found.estimate, found.low, found.high])


@pytest.mark.parametrize("effect", [d_z, g_z])
@pytest.mark.parametrize("d", [[0.0] * 6, [2.0] * 6, [1.1, 1.1]], ids=repr)
def test_without_variance_there_is_no_standardised_effect(effect, d):
    found = effect(d)
    assert (found.estimate, found.low, found.high) == (None, None, None)


@pytest.mark.parametrize("effect", [d_z, g_z])
@pytest.mark.parametrize("spread", [1.0, 1e-2, 1e-3, 1e-7, 1e-11])
def test_an_interval_holds_its_estimate_however_small_the_spread(effect, spread):
    d = 1 + spread * numpy.random.default_rng(2).normal(size=8)
    found = effect(d)
    assert found.low < found.estimate < found.high


def differences_with(t, n):
    """n differences whose t is this."""
    shape = numpy.arange(n) - (n - 1) / 2
    return t / n**0.5 + shape / shape.std(ddof=1)


@pytest.mark.parametrize(
    ("n", "size", "low", "high"),
    [
        (2, 6.859, -0.1448, 15.4553),
        (3, 6.651, 0.8988, 12.8571),
        (4, 4.9, 1.1459, 8.7549),
        (4, 13.945, 3.6804, 24.6538),
        (5, 1736.432, 604.2795, 2898.2408),
    ],
)
def test_large_effects_have_the_intervals_of_an_independent_quadrature(n, size, low, high):
    """By mpmath, to 20 digits. scipy's noncentral t gave upper ends of -7.28, -4.90, 8.75, -6.06 and none."""
    found = d_z(differences_with(size * n**0.5, n))
    assert [found.estimate, found.low, found.high] == pytest.approx([size, low, high], rel=1e-7, abs=6e-5)
    mirrored = d_z(differences_with(-size * n**0.5, n))
    assert [mirrored.low, mirrored.high] == pytest.approx([-found.high, -found.low], rel=1e-9)


def test_two_differences_have_no_unbiased_effect():
    assert g_z([1.0, 2.0]).estimate is None
    assert d_z([1.0, 2.0]).estimate == pytest.approx(1.5 / 0.5**0.5)


@pytest.mark.parametrize("effect", [d_z, g_z])
@pytest.mark.parametrize("d", [[], [1.0], [numpy.nan, 1.0]], ids=repr)
def test_what_has_no_spread_to_estimate_is_refused(effect, d):
    with pytest.raises(ValueError, match="differences"):
        effect(d)


@pytest.mark.parametrize("df", [2, 4, 9, 30])
def test_the_correction_undoes_the_mean_of_one_over_the_estimated_spread(df):
    d = numpy.random.default_rng(df).normal(1, 1, df + 1)
    inflation = integrate.quad(lambda s: stats.chi.pdf(s * df**0.5, df) * df**0.5 / s, 0, numpy.inf)[0]
    assert g_z(d).estimate * inflation == pytest.approx(d_z(d).estimate, rel=1e-7)
