"""Paired tests and corrections agree with R, enumerate what they say they enumerate, and never give NaN."""

import itertools
import tracemalloc

import numpy
import pytest
from scipy import stats

from analysis.statistics.significance import (
    holm,
    max_t,
    paired_t,
    sign_flip,
    smallest_attainable_p,
    wilcoxon,
)
from tests.oracles import CASES


def close(name, expected):
    return pytest.approx(expected, rel=CASES[name]["tol"], abs=CASES[name]["tol"])


def differences(name):
    given = CASES[name]["input"]
    return given["d"] if "d" in given else numpy.subtract(given["treatment"], given["baseline"])


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
def test_what_is_no_p_is_not_adjusted(p):
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
@pytest.mark.parametrize("test", [paired_t, sign_flip, wilcoxon])
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


@pytest.mark.parametrize(
    ("name", "zeros", "key"),
    [
        ("wilcoxon_exact_ties_darwin", "drop", "p_two_sided"),
        ("wilcoxon_exact_sleep_zero_and_tie", "drop", "p_exact_zero_dropped"),
        ("wilcoxon_exact_sleep_zero_and_tie", "pratt", "p_exact_pratt"),
        ("wilcoxon_demsar2006_table2", "drop", "p_exact_zero_dropped"),
        ("wilcoxon_demsar2006_table2", "pratt", "p_exact_pratt"),
    ],
)
def test_the_signed_rank_test_is_exact_with_ties_and_zeros(name, zeros, key):
    given, known = CASES[name]["input"], CASES[name]["expected"]
    d = numpy.subtract(given["c45m"], given["c45"]) if "c45" in given else differences(name)
    found = wilcoxon(d, zeros)
    assert found.p == close(name, known[key])
    if zeros == "drop":
        assert found.statistic == close(name, known.get("V", known.get("V_zero_dropped")))


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("alternative", ["two-sided", "greater", "less"])
@pytest.mark.parametrize("zeros", ["drop", "pratt"])
def test_the_signed_rank_p_is_the_share_of_all_signs(seed, alternative, zeros):
    d = numpy.random.default_rng(seed).integers(-3, 5, 9) / 10
    size = stats.rankdata(numpy.abs(d)) if zeros == "pratt" else stats.rankdata(numpy.abs(d[d != 0]))
    ranks = size[d != 0] if zeros == "pratt" else size
    sums = numpy.array([numpy.dot(one, ranks) for one in itertools.product([0, 1], repeat=len(ranks))])
    seen, centre = ranks[d[d != 0] > 0].sum(), ranks.sum() / 2
    extreme = {
        "greater": sums >= seen,
        "less": sums <= seen,
        "two-sided": numpy.abs(sums - centre) >= abs(seen - centre),
    }
    assert wilcoxon(d, zeros, alternative).p == pytest.approx(extreme[alternative].mean())


def test_differences_that_float_noise_keeps_apart_are_tied():
    exact = [2, -2, 2, 3, 1, -1, 4]
    noisy = [0.91 - 0.89, 0.81 - 0.83, 0.53 - 0.51, 0.3 - 0.27, 0.02 - 0.01, 0.33 - 0.34, 0.5 - 0.46]
    assert wilcoxon(noisy).p == wilcoxon(exact).p


def test_the_signed_rank_test_of_many_differences_is_that_of_scipy():
    d = numpy.random.default_rng(7).normal(0.2, 1, 40)
    assert wilcoxon(d).p == pytest.approx(stats.wilcoxon(d, method="exact").pvalue)


def test_differences_that_are_all_zero_have_a_signed_rank_p_of_one():
    for zeros in ("drop", "pratt"):
        assert wilcoxon([0.0] * 6, zeros).p == 1


@pytest.mark.parametrize(
    ("test", "given"),
    [(wilcoxon, {"zeros": "split"}), (wilcoxon, {"alternative": "more"}), (paired_t, {"alternative": "more"})],
)
def test_an_unknown_variant_is_refused(test, given):
    with pytest.raises(ValueError, match="must be"):
        test([1.0, 2.0, 3.0], **given)


def test_a_one_sided_t_test_is_that_of_r():
    name = "paired_t_sleep"
    d = differences(name)
    assert paired_t(d, alternative="greater").p == close(name, CASES[name]["expected"]["p_greater"])
    assert paired_t(d, alternative="less").p == pytest.approx(1 - paired_t(d, alternative="greater").p)


def test_the_signed_rank_test_estimates_the_median_of_all_pair_means_and_counts_zeros_in_n():
    d = [3.0, 0.0, -1.0, 4.0, 0.0, 10.0]
    means = [(one + other) / 2 for one, other in itertools.combinations_with_replacement(d, 2)]
    found = wilcoxon(d)
    assert found.estimate == numpy.median(means)
    assert found.estimate not in (numpy.median(d), numpy.mean(d))
    assert found.n == 6


@pytest.mark.parametrize("zeros", ["drop", "pratt"])
def test_both_sides_of_a_signed_rank_test_mirror_each_other(zeros):
    d = numpy.random.default_rng(8).integers(-2, 4, 11).astype(float)
    assert wilcoxon(d, zeros, "less").p == wilcoxon(-d, zeros, "greater").p
    assert wilcoxon(d, zeros).p == wilcoxon(-d, zeros).p == wilcoxon(1e-3 * d, zeros).p


def test_one_difference_shows_nothing():
    assert wilcoxon([3.0]).p == 1
    assert wilcoxon([3.0], alternative="greater").p == 0.5


@pytest.mark.parametrize("value", [0.0, 1.0, -3.5, 1e-9, 1e9])
def test_a_spread_of_zero_gives_numbers_and_no_p_of_t(value):
    d = [value] * 8
    t, flips = paired_t(d), sign_flip(d)
    assert (t.estimate, t.low, t.high) == (value, value, value)
    assert t.statistic is None
    assert t.p == (1.0 if value == 0 else None)
    assert flips.p == (1.0 if value == 0 else 2**-7)
    assert max_t(numpy.array([d, d]).T).tolist() == [flips.p] * 2
