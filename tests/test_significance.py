"""Paired tests and corrections agree with R, enumerate what they say they enumerate, and never give NaN."""

import itertools
import json
import tracemalloc
from pathlib import Path

import numpy
import pytest

from analysis.significance import holm, max_t, paired_t, sign_flip, smallest_attainable_p

HERE = Path(__file__).parent
CASES = {case["id"]: case for case in json.loads((HERE / "oracles/statistics.json").read_text())["cases"]}

ANSWERED_IN = {
    "paired_t_sleep": "test_significance.py",
    "unpaired_welch_sleep_must_not_be_used": "test_significance.py",
    "signflip_darwin_maize": "test_significance.py",
    "signflip_n5": "test_significance.py",
    "min_attainable_p": "test_significance.py",
    "p_adjust_benjamini_hochberg_1995": "test_significance.py",
    "bootstrap_ideal_enumeration_n5": "test_significance.py",
    "effect_sizes_sleep": "test_effect_size.py",
    "tost_equivalent_8_seeds": "test_equivalence.py",
    "power_paired_t": "test_planning.py",
    "sd_upper_bound_pilot": "test_planning.py",
    "intention_to_treat_one_divergence": "test_verdict.py",
    "all_zero_differences": "test_verdict.py",
}
"""Of some cases only the part that these functions answer: t and sign flip, not Wilcoxon; Holm, not BH."""

OF_OTHER_MODULES = {
    "refuse_unmatched_epochs",  # matching and study design
    "refuse_missing_pair_silently",
    "search_seed_reuse_refused",
    "train_metric_refused",
    "wilcoxon_exact_ties_darwin",  # ranks
    "wilcoxon_exact_sleep_zero_and_tie",
    "wilcoxon_demsar2006_table2",
    "friedman_nemenyi_demsar_table6",
    "bootstrap_bca_sleep",  # bootstrap, mixed models, many data sets
    "mixed_model_sleepstudy",
    "mixed_model_sleepstudy_random_intercept",
    "random_effects_meta_study4",
    "pearson_anscombe1",  # correlation and scaling
    "spearman_kendall_anscombe",
    "correlation_n3_minus099",
    "power_law_cars",
    "overhead_ratio_log_t",  # cost and curves
    "censored_time_logrank_km_rmst",
    "learning_curve_auc",
    "group_sequential_bounds",  # sequential, Bayes
    "evalue_t_gaussian_prior",
    "bayes_factor_jzs_sleep",
    "nadeau_bengio_correlated_t",
    "zero_divergences_is_not_safe",  # rates, aggregates, unmatched arms
    "iqm_with_crash",
    "dunnett_unpaired_fallback",
}


def close(name, expected):
    return pytest.approx(expected, rel=CASES[name]["tol"], abs=CASES[name]["tol"])


def differences(name):
    given = CASES[name]["input"]
    return given["d"] if "d" in given else numpy.subtract(given["treatment"], given["baseline"])


def test_every_oracle_case_is_answered_or_named_as_another_module_s():
    assert ANSWERED_IN.keys() | OF_OTHER_MODULES == CASES.keys()
    assert not ANSWERED_IN.keys() & OF_OTHER_MODULES
    for name, file in ANSWERED_IN.items():
        # at least once beyond this list's own line
        assert (HERE / file).read_text().count(f'"{name}"') >= (2 if file == Path(__file__).name else 1), name


@pytest.mark.parametrize(("level", "key"), [(0.95, "ci95"), (0.99, "ci99")])
def test_paired_t_is_that_of_r(level, key):
    expected = CASES["paired_t_sleep"]["expected"]
    found = paired_t(differences("paired_t_sleep"), level)
    assert (found.n, found.df) == (10, expected["df"])
    assert [found.estimate, found.statistic, found.p] == close(
        "paired_t_sleep", [expected["mean"], expected["t"], expected["p"]]
    )
    assert [found.low, found.high] == close("paired_t_sleep", expected[key])


def test_paired_t_interval_of_five_seeds():
    name = "bootstrap_ideal_enumeration_n5"
    found = paired_t(differences(name))
    assert [found.low, found.high] == close(name, CASES[name]["expected"]["t_ci95"])


def test_pairing_is_not_ignored():
    welch = CASES["unpaired_welch_sleep_must_not_be_used"]["expected"]
    found = paired_t(differences("unpaired_welch_sleep_must_not_be_used"))
    assert found.p is not None
    assert found.p < 0.05 < welch["p"]


@pytest.mark.parametrize("name", ["signflip_darwin_maize", "signflip_n5"])
def test_sign_flip_counts_what_r_counts(name):
    expected = CASES[name]["expected"]
    assert sign_flip(differences(name)).p == close(name, expected["p_two_sided"])
    assert sign_flip(differences(name), "greater").p == close(name, expected["p_greater"])


def test_paired_t_reaches_what_five_sign_flips_cannot():
    assert paired_t(differences("signflip_n5")).p == close("signflip_n5", CASES["signflip_n5"]["expected"]["p_t"])


def test_holm_is_that_of_r():
    name = "p_adjust_benjamini_hochberg_1995"
    assert holm(CASES[name]["input"]["p"]) == close(name, CASES[name]["expected"]["holm"])


def test_holm_keeps_the_order_given():
    name = "p_adjust_benjamini_hochberg_1995"
    shuffled = numpy.random.default_rng(0).permutation(15)
    given, expected = numpy.array(CASES[name]["input"]["p"]), numpy.array(CASES[name]["expected"]["holm"])
    assert holm(given[shuffled]) == close(name, expected[shuffled])


def test_smallest_attainable_p_is_arithmetic():
    given, expected = CASES["min_attainable_p"]["input"], CASES["min_attainable_p"]["expected"]
    assert {n: smallest_attainable_p(int(n)) for n in expected["min_p_two_sided"]} == expected["min_p_two_sided"]
    for alpha, key in ((0.05, "min_n_at_alpha05"), (0.01, "min_n_at_alpha01")):
        fewest = [next(n for n in range(1, 99) if smallest_attainable_p(n) * m <= alpha) for m in given["m"]]
        assert fewest == expected[key]


def test_smallest_attainable_p_is_attained():
    for n in (1, 5, 8, 12):
        assert sign_flip(numpy.arange(1, n + 1)).p == smallest_attainable_p(n)
        assert max_t(numpy.arange(1, n + 1)[:, None])[0] == smallest_attainable_p(n)


def test_a_missing_p_counts_in_m_and_stays_missing():
    numpy.testing.assert_allclose(holm([0.01, numpy.nan, 0.03]), [0.03, numpy.nan, 0.06])
    assert numpy.isnan(holm([numpy.nan, numpy.nan])).all()
    assert len(holm([])) == 0


@pytest.mark.parametrize("p", [-0.1, 1.1])
def test_holm_refuses_what_is_no_p(p):
    with pytest.raises(ValueError, match="0 … 1"):
        holm([0.5, p, numpy.nan])


def test_without_variance_nothing_is_infinite_and_t_gives_no_p():
    constant, zero = paired_t([2.0] * 6), paired_t([0.0] * 6)
    assert (constant.estimate, constant.low, constant.high) == (2.0, 2.0, 2.0)
    assert (constant.p, constant.statistic) == (None, None)
    assert (zero.estimate, zero.low, zero.high, zero.p) == (0.0, 0.0, 0.0, 1.0)
    assert sign_flip([2.0] * 6).p == 2 / 64
    assert sign_flip([0.0] * 6).p == 1.0


def test_a_spread_of_rounding_error_is_no_spread():
    assert paired_t([91.3 - 90.1, 90.7 - 89.5, 78.9 - 77.7, 66.6 - 65.4]).statistic is None


def test_float_noise_does_not_break_ties():
    noisy = [0.91 - 0.89, 0.83 - 0.81, -(0.55 - 0.53), 0.47 - 0.45, 0.12 - 0.10, 0.99 - 0.97]
    assert sign_flip(noisy).p == sign_flip([1, 1, -1, 1, 1, 1]).p == 14 / 64
    assert max_t(numpy.array(noisy)[:, None])[0] == 14 / 64


def test_both_sides_of_a_sign_flip_mirror_each_other():
    d = numpy.random.default_rng(1).normal(0.4, 1, 9)
    assert sign_flip(d, "less").p == sign_flip(-d, "greater").p
    assert sign_flip(d).p == sign_flip(-d).p == sign_flip(1000 * d).p


def test_random_flips_use_their_seed_and_are_near_the_exact_p():
    d = numpy.random.default_rng(2).normal(0.5, 1, 21)
    first, second = sign_flip(d, seed=1), sign_flip(d, seed=2)
    assert first == sign_flip(d, seed=1)
    assert first.p != second.p
    # the same p by counting on a lattice: sums of 21 flips, split in two halves
    low, high = (numpy.array(list(itertools.product((-1, 1), repeat=len(half)))) @ half for half in (d[:10], d[10:]))
    exact = (numpy.abs(low[:, None] + high[None, :]) >= abs(d.sum()) - 1e-9).mean()
    assert first.p == pytest.approx(exact, abs=4 * (exact / 99_999) ** 0.5)


def test_random_flips_never_give_zero():
    p = sign_flip(numpy.full(40, 1.0)).p
    assert p is not None
    assert 1 / 100_000 <= p < 1e-4


def test_an_unknown_alternative_is_refused():
    with pytest.raises(ValueError, match="two-sided, greater or less"):
        sign_flip([1.0, 2.0], "up")  # type: ignore[arg-type]


@pytest.mark.parametrize("d", [[], [numpy.nan, 1.0], [numpy.inf, 1.0], [[1.0, 2.0]]], ids=repr)
@pytest.mark.parametrize("test", [paired_t, sign_flip])
def test_what_cannot_be_tested_is_refused(test, d):
    with pytest.raises(ValueError, match="differences"):
        test(d)


def step_down_by_the_book(table):
    """Westfall and Young's algorithm 4.1 with |t|, all 2^n flips, in plain loops."""
    n, m = table.shape

    def statistics(values):
        return numpy.abs(values.mean(axis=0)) / values.std(axis=0, ddof=1) * n**0.5

    observed = statistics(table)
    order = sorted(range(m), key=lambda column: -observed[column])
    counts = numpy.zeros(m)
    for signs in itertools.product((-1, 1), repeat=n):
        flipped = statistics(table * numpy.array(signs)[:, None])
        for position, column in enumerate(order):
            counts[column] += max(flipped[k] for k in order[position:]) >= observed[column] * (1 - 1e-9)
    p, running = counts / 2**n, 0.0
    for column in order:
        p[column] = running = max(running, p[column])
    return p


@pytest.mark.parametrize("seed", range(3))
def test_max_t_is_the_step_down_of_westfall_and_young(seed):
    generator = numpy.random.default_rng(seed)
    table = generator.normal(size=(7, 4)) + generator.normal(size=(7, 1)) + [0, 0.5, 1.5, 3]
    assert max_t(table) == pytest.approx(step_down_by_the_book(table), abs=1e-12)


def test_max_t_of_one_contrast_is_its_sign_flip():
    d = numpy.random.default_rng(3).normal(0.5, 1, 9)
    assert max_t(d[:, None])[0] == pytest.approx(sign_flip(d).p, abs=1e-12)


def test_max_t_of_repeated_contrasts_costs_nothing_and_holm_does():
    d = numpy.random.default_rng(4).normal(1, 1, 9)
    p = sign_flip(d).p
    assert max_t(numpy.stack([d] * 5, axis=1)) == pytest.approx([p] * 5, abs=1e-12)
    assert holm([p] * 5)[0] == pytest.approx(min(1, 5 * p))


def test_max_t_keeps_the_order_of_contrasts_and_ignores_their_units():
    table = numpy.random.default_rng(5).normal(size=(8, 5)) + numpy.arange(5)
    shuffled = [3, 0, 4, 2, 1]
    assert max_t(table[:, shuffled]) == pytest.approx(max_t(table)[shuffled], abs=1e-12)
    assert max_t(table * [1, 10, 100, 1e-3, -1]) == pytest.approx(max_t(table), abs=1e-12)


def test_max_t_is_finite_without_variance():
    table = numpy.stack([numpy.zeros(6), numpy.ones(6), numpy.arange(6) - 2.0], axis=1)
    p = max_t(table)
    assert numpy.isfinite(p).all()
    assert p[0] == 1.0
    assert p[1] == smallest_attainable_p(6)


def test_max_t_of_twenty_seeds_is_exact_and_fits_in_memory():
    table = numpy.random.default_rng(6).normal(0.1, 1, (20, 100))
    tracemalloc.start()
    p = max_t(table)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 200e6
    assert numpy.array_equal(p * 2**19, numpy.round(p * 2**19))


def test_max_t_of_many_seeds_is_sampled_and_never_zero():
    p = max_t(numpy.random.default_rng(7).normal(5, 1, (30, 3)))
    assert p == pytest.approx([1e-5] * 3)


@pytest.mark.parametrize("table", [numpy.zeros((0, 3)), numpy.full((5, 2), numpy.nan), numpy.zeros(5)], ids=repr)
def test_max_t_refuses_what_is_no_table(table):
    with pytest.raises(ValueError, match=r"needed|needs"):
        max_t(table)
