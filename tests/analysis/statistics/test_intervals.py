"""Intervals agree with R and with the tests that they invert."""

import numpy
import pytest
from scipy import integrate, special, stats

from analysis.statistics.intervals import binomial_interval, correlation_interval, ratio_interval
from tests.oracles import expected, given, near

OVERHEAD = "overhead_ratio_log_t"


def test_the_correlation_interval_is_exact():
    anscombe = correlation_interval(expected("pearson_anscombe1")["r"], 11)
    assert [anscombe.low, anscombe.high] == [
        near("pearson_anscombe1", bound) for bound in expected("pearson_anscombe1")["exact_ci95"]
    ]
    three = correlation_interval(-0.99, 3)
    assert [three.low, three.high] == [
        near("correlation_n3_minus099", bound) for bound in expected("correlation_n3_minus099")["exact_ci95"]
    ]


@pytest.mark.parametrize(("r", "n"), [(0.3, 4), (-0.8, 6), (0.95, 20), (0.0, 9)])
def test_its_bounds_leave_a_fortieth_in_each_tail_of_hotellings_density(r, n):
    def density(at, rho):
        constant = (n - 2) * special.gamma(n - 1) / ((2 * numpy.pi) ** 0.5 * special.gamma(n - 0.5))
        shape = (1 - rho**2) ** ((n - 1) / 2) * (1 - at**2) ** ((n - 4) / 2) / (1 - rho * at) ** (n - 1.5)
        return constant * shape * special.hyp2f1(0.5, 0.5, n - 0.5, (rho * at + 1) / 2)

    found = correlation_interval(r, n)
    assert integrate.quad(density, r, 1, args=(found.low,))[0] == pytest.approx(0.025, abs=1e-6)
    assert integrate.quad(density, -1, r, args=(found.high,))[0] == pytest.approx(0.025, abs=1e-6)
    turned = correlation_interval(-r, n)
    assert (turned.low, turned.high) == pytest.approx((-found.high, -found.low))


def test_with_many_points_it_is_fishers():
    found = correlation_interval(0.3, 2_000)
    half = stats.norm.ppf(0.975) / 1997**0.5
    fisher = numpy.tanh(numpy.arctanh(0.3) + numpy.array([-half, half]))
    assert (found.low, found.high) == pytest.approx(tuple(fisher), abs=2e-4)


def test_a_perfect_correlation_has_itself_as_interval():
    assert (correlation_interval(1.0, 5).low, correlation_interval(-1.0, 5).high) == (1.0, -1.0)


@pytest.mark.parametrize(("r", "n"), [(0.5, 2), (1.5, 5), (float("nan"), 5)])
def test_what_is_no_correlation_is_refused(r, n):
    with pytest.raises(ValueError, match="correlation interval needs"):
        correlation_interval(r, n)


def test_ratios_agree_with_r():
    above, below = given(OVERHEAD)["numerator"], given(OVERHEAD)["denominator"]
    for method, estimate, interval in (("log", "ratio", "ci95"), ("fieller", "fieller_ratio", "fieller_ci95")):
        found = ratio_interval(above, below, method)
        assert found.estimate == near(OVERHEAD, expected(OVERHEAD)[estimate])
        assert [found.low, found.high] == [near(OVERHEAD, bound) for bound in expected(OVERHEAD)[interval]]
    assert ratio_interval(above, below).p == near(OVERHEAD, expected(OVERHEAD)["p"])


def test_fiellers_limits_are_the_ratios_that_a_paired_test_just_rejects():
    above, below = (numpy.array(given(OVERHEAD)[side]) for side in ("numerator", "denominator"))
    found = ratio_interval(above, below, "fieller", level=0.9)
    for bound in (found.low, found.high):
        assert stats.ttest_1samp(above - bound * below, 0).pvalue == pytest.approx(0.1)
    assert found.p == pytest.approx(stats.ttest_rel(above, below).pvalue)


def test_a_denominator_that_may_be_zero_bounds_nothing():
    found = ratio_interval([1.0, 2.0, 3.0], [0.5, -0.4, 0.3], "fieller")
    assert (found.low, found.high) == (None, None)
    assert "unbounded" in found.method


def test_equal_sides_have_a_ratio_of_one_and_a_p_of_one():
    for method in ("log", "fieller"):
        found = ratio_interval([10.0, 11.0, 12.5], [10.0, 11.0, 12.5], method)
        assert (found.estimate, found.low, found.high, found.p) == pytest.approx((1, 1, 1, 1))


@pytest.mark.parametrize(
    ("above", "below", "method", "says"),
    [
        ([1, 2], [1, 0], "log", "values > 0"),
        ([1, -2], [1, 2], "log", "values > 0"),
        ([1, numpy.nan], [1, 2], "log", "finite"),
        ([1, 2], [1, 2, 3], "log", "paired"),
        ([1, 2], [1, -1], "fieller", "not 0"),
        ([1, 2], [1, 2], "delta", "must be log or fieller"),
    ],
)
def test_what_has_no_ratio_is_refused(above, below, method, says):
    with pytest.raises(ValueError, match=says):
        ratio_interval(above, below, method)


def test_no_failure_in_five_is_compatible_with_half():
    case = "zero_divergences_is_not_safe"
    for n, known in zip(given(case)["n"], expected(case)["upper95_clopper_pearson"], strict=True):
        found = binomial_interval(0, n)
        assert (found.estimate, found.low) == (0, 0)
        assert found.high == near(case, known)


@pytest.mark.parametrize(("k", "n"), [(1, 8), (3, 7), (7, 7)])
def test_a_rates_interval_is_that_of_scipy(k, n):
    known = stats.binomtest(k, n).proportion_ci(0.95)
    found = binomial_interval(k, n)
    assert (found.low, found.high) == pytest.approx((known.low, known.high))


@pytest.mark.parametrize(("k", "n"), [(-1, 5), (6, 5), (0, 0)])
def test_what_is_no_rate_is_refused(k, n):
    with pytest.raises(ValueError, match="a rate needs"):
        binomial_interval(k, n)


@pytest.mark.parametrize(("r", "n", "level"), [(0.5, 3, 0.95), (-0.99, 3, 0.8), (0.3, 4, 0.9), (0.97, 6, 0.99)])
def test_the_correlation_s_bounds_leave_equal_tails_of_normal_pairs(r, n, level):
    def share_below(rho):
        """P(R <= r): given the first variable's spread, a chi, R / sqrt(1 - R^2) is a noncentral t."""
        t, slope = r / (1 - r**2) ** 0.5 * (n - 2) ** 0.5, rho / (1 - rho**2) ** 0.5
        return integrate.quad(
            lambda spread: stats.chi.pdf(spread, n - 1) * stats.nct.cdf(t, n - 2, slope * spread), 0, n**0.5 + 8
        )[0]

    found = correlation_interval(r, n, level)
    tails = [1 - share_below(found.low), share_below(found.high)]
    assert tails == pytest.approx([(1 - level) / 2] * 2, abs=1e-6)


@pytest.mark.parametrize("level", [0.8, 0.99])
def test_a_log_ratio_s_interval_is_that_of_a_t_test_of_logarithms(level):
    above, below = given(OVERHEAD)["numerator"], given(OVERHEAD)["denominator"]
    known = stats.ttest_rel(numpy.log(above), numpy.log(below))
    found = ratio_interval(above, below, level=level)
    assert [found.low, found.high] == pytest.approx(numpy.exp(known.confidence_interval(level)).tolist())
    assert (found.p, found.statistic) == pytest.approx((known.pvalue, known.statistic))


@pytest.mark.parametrize("method", ["log", "fieller"])
def test_a_turned_ratio_has_the_inverse_interval_and_the_same_p(method):
    above, below = (numpy.array(given(OVERHEAD)[side]) for side in ("numerator", "denominator"))
    found, turned = ratio_interval(above, below, method), ratio_interval(below, above, method)
    inverse = [1 / found.estimate, 1 / found.high, 1 / found.low]
    assert [turned.estimate, turned.low, turned.high] == pytest.approx(inverse)
    assert turned.p == pytest.approx(found.p)
    stretched = ratio_interval(3 * above, below, method)
    assert [stretched.low, stretched.high] == pytest.approx([3 * found.low, 3 * found.high])


def test_a_ratio_that_does_not_vary_has_itself_as_interval_and_no_p():
    found = ratio_interval([2.0, 4.0, 8.0], [1.0, 2.0, 4.0])
    assert (found.estimate, found.low, found.high) == pytest.approx((2, 2, 2))
    assert found.p is None


@pytest.mark.parametrize(("k", "n", "level"), [(1, 8, 0.8), (3, 7, 0.99)])
def test_a_rate_s_bounds_have_the_tails_of_the_binomial(k, n, level):
    found, turned = binomial_interval(k, n, level), binomial_interval(n - k, n, level)
    assert found.estimate == k / n
    tails = [stats.binom.sf(k - 1, n, found.low), stats.binom.cdf(k, n, found.high)]
    assert tails == pytest.approx([(1 - level) / 2] * 2)
    assert (turned.low, turned.high) == pytest.approx((1 - found.high, 1 - found.low))


# --- where an interval could go wrong


@pytest.mark.parametrize("n", [3, 4, 10, 200, 5000])
def test_a_correlation_s_interval_closes_on_one_and_never_passes_it(n):
    """1 - r falls by 100 a step: the interval holds r, and 1 - low falls in the same steps."""
    lows = []
    for away in (1e-2, 1e-4, 1e-6, 1e-8, 1e-10, 1e-12, 1e-13):
        found = correlation_interval(1 - away, n)
        turned = correlation_interval(-(1 - away), n)
        assert -1 < found.low < found.estimate < found.high <= 1
        assert (turned.low, turned.high) == pytest.approx((-found.high, -found.low), abs=1e-12)
        lows.append(1 - found.low)
    ratios = numpy.array(lows[:-2]) / numpy.array(lows[1:-1])
    assert (ratios[2:] == pytest.approx(100, rel=0.02)) if n > 3 else (numpy.diff(lows) < 0).all()


def test_a_denominator_near_zero_has_a_wide_interval_until_it_has_none():
    """Bounded while the denominator's own t is beyond the critical one."""
    spread = numpy.array([-1.0, 1.0, -1.0, 1.0, 0.0])
    error = spread.std(ddof=1) / 5**0.5
    critical = stats.t.ppf(0.975, 4)
    widths = []
    for t in (20, 6, 3.5, 3.0, critical + 0.01):
        found = ratio_interval(numpy.full(5, 10.0) + spread[::-1], t * error + spread, "fieller")
        assert found.low < found.estimate < found.high
        widths.append((found.high - found.low) / found.estimate)
    assert (numpy.diff(widths) > 0).all()
    assert widths[-1] > 50
    for t in (critical - 0.01, 1.0, 1e-3, -1e-3, 1e-9):
        found = ratio_interval(numpy.full(5, 10.0) + spread[::-1], t * error + spread, "fieller")
        assert (found.low, found.high) == (None, None)
        assert "the denominator may be 0" in found.method
        assert numpy.isfinite([found.estimate, found.p]).all()


def test_a_log_ratio_of_a_tiny_denominator_is_finite():
    found = ratio_interval([1.0, 2.0, 3.0], [1e-300, 2e-300, 3.3e-300])
    assert numpy.isfinite([found.estimate, found.low, found.high]).all()
    assert found.low < found.estimate < found.high
