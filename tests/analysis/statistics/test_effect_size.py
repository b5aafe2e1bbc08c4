"""Standardised effects agree with R, their intervals invert the noncentral t, and odd data give None."""

import itertools

import numpy
import pytest
from scipy import integrate, stats

from analysis.statistics.effect_size import (
    d_av,
    d_z,
    g_z,
    hodges_lehmann,
    interquartile_mean,
    probability_of_superiority,
    rank_biserial,
)
from analysis.statistics.significance import sign_flip, wilcoxon
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


def test_a_spread_out_of_reach_of_the_noncentral_t_gets_no_interval():
    d = 1 + 1e-7 * numpy.random.default_rng(1).normal(size=8)
    assert d_z(d).estimate > 1e6
    assert (d_z(d).low, d_z(d).high) == (None, None)
    assert (g_z(d).low, g_z(d).high) == (None, None)


@pytest.mark.parametrize("spread", [1.0, 1e-2, 1e-3])
def test_an_interval_holds_its_estimate_however_small_the_spread(spread):
    d = 1 + spread * numpy.random.default_rng(2).normal(size=8)
    found = d_z(d)
    assert found.low < found.estimate < found.high


def test_two_differences_have_no_unbiased_effect():
    assert g_z([1.0, 2.0]).estimate is None
    assert d_z([1.0, 2.0]).estimate == pytest.approx(1.5 / 0.5**0.5)


@pytest.mark.parametrize("effect", [d_z, g_z, lambda d: d_av(d, d)], ids=["d_z", "g_z", "d_av"])
@pytest.mark.parametrize("d", [[], [1.0], [numpy.nan, 1.0]], ids=repr)
def test_what_has_no_spread_to_estimate_is_refused(effect, d):
    with pytest.raises(ValueError, match="differences"):
        effect(d)


@pytest.mark.parametrize("effect", [rank_biserial, probability_of_superiority, interquartile_mean, hodges_lehmann])
@pytest.mark.parametrize("d", [[], [numpy.nan, 1.0], [numpy.inf, 1.0], [[1.0, 2.0]]], ids=repr)
def test_what_has_no_ranks_is_refused(effect, d):
    with pytest.raises(ValueError, match="differences"):
        effect(d)


def test_d_av_is_that_of_r_and_its_interval_the_rescaled_one_of_the_paired_test():
    treatment, baseline = SLEEP["input"]["treatment"], SLEEP["input"]["baseline"]
    found, of_pairs = d_av(treatment, baseline), d_z(SLEEP_D)
    assert found.estimate == pytest.approx(SLEEP["expected"]["d_av"], abs=SLEEP["tol"])
    scale = SLEEP_D.std(ddof=1) / numpy.sqrt((numpy.var(treatment, ddof=1) + numpy.var(baseline, ddof=1)) / 2)
    assert (found.low, found.high) == pytest.approx((scale * of_pairs.low, scale * of_pairs.high))


def test_d_av_of_a_constant_shift_is_finite_and_of_constant_arms_undefined():
    found = d_av([2.0, 3.0, 4.0], [1.0, 2.0, 3.0])
    assert (found.estimate, found.low, found.high) == (pytest.approx(1.0), None, None)
    assert d_av([2.0, 2.0], [1.0, 1.0]).estimate is None
    with pytest.raises(ValueError, match="same seeds"):
        d_av([1.0, 2.0], [1.0, 2.0, 3.0])


@pytest.mark.parametrize(
    "name", ["wilcoxon_exact_ties_darwin", "wilcoxon_demsar2006_table2", "wilcoxon_exact_sleep_zero_and_tie"]
)
def test_the_rank_biserial_correlation_is_that_of_r(name):
    given = CASES[name]["input"]
    pairs = ("c45m", "c45") if "c45" in given else ("treatment", "baseline")
    d = given["d"] if "d" in given else numpy.subtract(given[pairs[0]], given[pairs[1]])
    found = rank_biserial(d)
    assert found.estimate == pytest.approx(CASES[name]["expected"]["rank_biserial"])
    assert found.statistic == wilcoxon(d).statistic
    if abs(found.estimate) < 1:
        assert found.low < found.estimate < found.high
    else:
        assert (found.low, found.high) == (None, None)


def test_ranks_of_differences_that_are_all_zero_are_undefined():
    assert rank_biserial([0.0, 0.0]).estimate is None


def test_the_probability_of_superiority_counts_ties_as_half():
    found = probability_of_superiority(SLEEP_D)
    assert found.estimate == pytest.approx(SLEEP["expected"]["prob_superiority_paired"])
    assert found.p == pytest.approx(2 / 2**9)
    assert stats.beta.sf(found.low, 9.5, 1.5) == pytest.approx(0.975)
    assert stats.beta.cdf(found.high, 10.5, 0.5) == pytest.approx(0.975)
    assert probability_of_superiority([0.0, 0.0]).p == 1


def test_superiority_in_all_but_one_failed_seed_is_a_sign_test():
    case = CASES["intention_to_treat_one_divergence"]
    found = probability_of_superiority(numpy.subtract(case["input"]["treatment"], case["input"]["baseline"]))
    assert found.estimate == case["expected"]["itt"]["pos"]
    assert found.p == pytest.approx(case["expected"]["itt"]["sign_p"])


def test_the_interquartile_mean_hides_a_crash_that_the_mean_shows():
    case = CASES["iqm_with_crash"]
    x, known = case["input"]["x"], case["expected"]
    assert interquartile_mean(x).estimate == pytest.approx(known["iqm"])
    assert interquartile_mean(x[:10]).estimate == pytest.approx(known["iqm_first10"])
    assert numpy.mean(x) == pytest.approx(known["mean"])


def test_the_interquartile_means_interval_is_tukeys_and_mclaughlins():
    x = numpy.sort(numpy.random.default_rng(0).normal(size=12))
    winsorized = numpy.array([x[3]] * 3 + list(x[3:9]) + [x[8]] * 3)
    half = stats.t.ppf(0.975, 5) * winsorized.std(ddof=1) / (0.5 * 12**0.5)
    found = interquartile_mean(x)
    assert (found.low, found.high) == pytest.approx((found.estimate - half, found.estimate + half))
    assert interquartile_mean([3.0]).estimate == 3


def test_hodges_and_lehmanns_interval_holds_the_shifts_that_the_exact_test_does_not_reject():
    d = numpy.random.default_rng(1).normal(0.5, 1, 9)
    found = hodges_lehmann(d)
    for bound, side in ((found.low, -1), (found.high, 1)):
        assert wilcoxon(d - (bound + side * 1e-6)).p < 0.05 <= wilcoxon(d - (bound - side * 1e-6)).p
    assert found.low <= found.estimate <= found.high


def test_five_differences_are_too_few_for_an_exact_rank_interval():
    found = hodges_lehmann([1.0, 2.0, 4.0, 3.0, 5.5])
    assert (found.low, found.high) == (None, None)
    assert found.estimate == pytest.approx(3)


def test_effects_by_rank_turn_with_the_sign():
    d = numpy.random.default_rng(2).normal(0.4, 1, 10)
    assert rank_biserial(-d).estimate == pytest.approx(-rank_biserial(d).estimate)
    assert hodges_lehmann(-d).low == pytest.approx(-hodges_lehmann(d).high)
    assert probability_of_superiority(-d).estimate == pytest.approx(1 - probability_of_superiority(d).estimate)
    assert sign_flip(-d).p == sign_flip(d).p


@pytest.mark.parametrize("df", [2, 4, 9, 30])
def test_the_correction_undoes_the_mean_of_one_over_the_estimated_spread(df):
    d = numpy.random.default_rng(df).normal(1, 1, df + 1)
    inflation = integrate.quad(lambda s: stats.chi.pdf(s * df**0.5, df) * df**0.5 / s, 0, numpy.inf)[0]
    assert g_z(d).estimate * inflation == pytest.approx(d_z(d).estimate, rel=1e-7)


@pytest.mark.parametrize("level", [0.8, 0.99])
def test_d_av_s_interval_is_where_the_observed_t_is_a_quantile(level):
    one, other = numpy.random.default_rng(3).normal([[1.0], [0.2]], [[1.0], [2.0]], (2, 9))
    found = d_av(one, other, level)
    per_effect = 9**0.5 * ((one.var(ddof=1) + other.var(ddof=1)) / 2) ** 0.5 / (one - other).std(ddof=1)
    t = stats.ttest_rel(one, other).statistic
    assert found.estimate * per_effect == pytest.approx(t)
    tails = [stats.nct.sf(t, 8, found.low * per_effect), stats.nct.cdf(t, 8, found.high * per_effect)]
    assert tails == pytest.approx([(1 - level) / 2] * 2, abs=1e-9)


def test_d_av_turns_with_the_arms_and_has_neither_unit_nor_origin():
    one, other = numpy.random.default_rng(4).normal([[0.7], [0.0]], 1, (2, 8))
    found, turned, moved = d_av(one, other), d_av(other, one), d_av(100 * one + 7, 100 * other + 7)
    assert [turned.estimate, turned.low, turned.high] == pytest.approx([-found.estimate, -found.high, -found.low])
    assert [moved.estimate, moved.low, moved.high] == pytest.approx([found.estimate, found.low, found.high])


@pytest.mark.parametrize("level", [0.8, 0.95])
def test_the_rank_biserial_interval_has_the_spread_of_all_signs(level):
    d = numpy.array([1.0, -2, 3, 4, -5, 6, 7, 8])
    signs = numpy.array(list(itertools.product([-1, 1], repeat=8)))
    half = stats.norm.ppf((1 + level) / 2) * (signs @ numpy.arange(1, 9) / 36).std()
    found = rank_biserial(d, level)
    assert found.estimate == pytest.approx((29 - 7) / 36)
    ends = numpy.arctanh([found.low, found.estimate, found.high])
    assert numpy.diff(ends) == pytest.approx([half, half])


@pytest.mark.parametrize("level", [0.8, 0.99])
def test_the_interval_of_superiority_has_the_tails_of_the_binomial(level):
    found = probability_of_superiority([1.0, 2.0, -1.0, 3.0, 0.5, -2.0, 1.0], level)
    assert found.estimate == 5 / 7
    tails = [stats.binom.sf(4, 7, found.low), stats.binom.cdf(5, 7, found.high)]
    assert tails == pytest.approx([(1 - level) / 2] * 2)


def test_a_difference_that_is_float_noise_is_half_a_win():
    assert probability_of_superiority([0.3 - 0.1 - 0.2, 1.0, 1.0]).estimate == 2.5 / 3
    assert probability_of_superiority([0.3 - 0.2 - 0.1, -1.0, -1.0]).estimate == 0.5 / 3


@pytest.mark.parametrize("n", range(1, 14))
def test_the_interquartile_mean_is_scipy_s_trimmed_mean_at_any_n(n):
    x = numpy.random.default_rng(n).normal(size=n)
    assert interquartile_mean(x).estimate == pytest.approx(stats.trim_mean(x, 0.25))


def test_the_interquartile_mean_s_interval_has_the_level_asked_for():
    x = numpy.random.default_rng(5).normal(size=12)
    half = {level: interquartile_mean(x, level).high - interquartile_mean(x, level).estimate for level in (0.8, 0.95)}
    assert half[0.8] / half[0.95] == pytest.approx(stats.t.ppf(0.9, 5) / stats.t.ppf(0.975, 5))
    assert interquartile_mean([2.0] * 8).low == interquartile_mean([2.0] * 8).high == 2


@pytest.mark.parametrize(("n", "level"), [(5, 0.9), (7, 0.8), (8, 0.99), (12, 0.95)])
def test_hodges_and_lehmann_s_interval_inverts_the_exact_test_at_any_level(n, level):
    d = numpy.random.default_rng(n).normal(0.5, 1, n)
    found = hodges_lehmann(d, level)
    for bound, outwards in ((found.low, -1e-6), (found.high, 1e-6)):
        assert wilcoxon(d - bound - outwards).p <= 1 - level < wilcoxon(d - bound + outwards).p
    means = [(one + other) / 2 for one, other in itertools.combinations_with_replacement(d, 2)]
    assert found.estimate == pytest.approx(numpy.median(means))


def test_a_level_that_the_smallest_p_just_reaches_has_an_interval():
    found = hodges_lehmann([1.0, 2.0, 4.0, 3.0, 9.0], level=1 - 2 / 2**5)
    assert (found.low, found.high) == (1, 9)


def test_hodges_and_lehmann_s_interval_moves_and_stretches_with_the_differences():
    d = numpy.random.default_rng(6).normal(size=10)
    one, other = hodges_lehmann(d), hodges_lehmann(3 * d + 5)
    moved = [3 * value + 5 for value in (one.low, one.estimate, one.high)]
    assert [other.low, other.estimate, other.high] == pytest.approx(moved)
