"""The ratio of two paired standard deviations has an exact test and an exact interval."""

import numpy
import pytest
from scipy import stats

from analysis.describing.spread import spread_ratio, spread_table
from analysis.judging.contrasts import judge_study
from analysis.statistics.significance import holm

ONE = [71.2, 80.4, 77.9, 69.3, 83.0, 75.5, 78.8]
OTHER = [74.0, 78.1, 77.0, 72.6, 79.9, 74.9, 76.3]


def pairs(generator, many, n, ratio, r):
    """Normal pairs (many, n) with this ratio of standard deviations and this correlation."""
    x, e = generator.standard_normal((2, many, n))
    return ratio * (r * x + (1 - r * r) ** 0.5 * e), x


def test_it_is_the_correlation_of_sums_and_differences():
    one, other = numpy.array(ONE), numpy.array(OTHER)
    known, found = stats.pearsonr(one + other, one - other), spread_ratio(ONE, OTHER)
    assert found.p == pytest.approx(known.pvalue)
    assert found.statistic == pytest.approx(known.statistic * (5 / (1 - known.statistic**2)) ** 0.5)
    assert found.estimate == pytest.approx(one.std(ddof=1) / other.std(ddof=1))
    assert (found.df, found.n) == (5, 7)


@pytest.mark.parametrize("level", [0.9, 0.95])
def test_at_the_intervals_ends_the_test_is_just_not_significant(level):
    found = spread_ratio(ONE, OTHER, level)
    for end in (found.low, found.high):
        assert spread_ratio(ONE, end * numpy.array(OTHER)).p == pytest.approx(1 - level)


def test_without_a_sign_by_hand():
    """x = 1, 2, 3, 4 and y = 2, 1, 4, 3 have equal variances; 2 x doubles the ratio: t = 3/2 sqrt(2 / (4 4 0.64) 4)."""
    found = spread_ratio([2, 4, 6, 8], [2, 1, 4, 3])
    assert found.estimate == pytest.approx(2)
    assert found.statistic == pytest.approx(3 * (2 / (4 * 4 * (1 - 0.36))) ** 0.5)
    assert found.p == pytest.approx(2 * stats.t.sf(found.statistic, 2))


def test_swapped_arms_give_the_inverse():
    found, swapped = spread_ratio(ONE, OTHER), spread_ratio(OTHER, ONE)
    assert (swapped.low, swapped.high) == pytest.approx((1 / found.high, 1 / found.low))
    assert swapped.p == pytest.approx(found.p)


@pytest.mark.parametrize(
    ("one", "other", "reason"),
    [
        ([1.0, 2.0], [2.0, 1.0], "2 seeds: a ratio of spreads needs 3"),
        ([1.0, 1.0, 1.0], [2.0, 1.0, 3.0], "the results of the treatment do not vary"),
        ([1.0, 2.0, 3.0], [5.0, 5.0, 5.0], "the results of the baseline do not vary"),
        ([4.0, 4.0, 4.0], [5.0, 5.0, 5.0], "the results of both arms do not vary"),
        ([1.0, 2.0, 4.0], [1.0, 2.0, 4.0], "straight line"),
        ([1.0, 2.0, 3.0], [1.0, 2.0], "paired"),
    ],
)
def test_what_has_no_ratio_is_refused_with_its_reason(one, other, reason):
    with pytest.raises(ValueError, match=reason):
        spread_ratio(one, other)


@pytest.mark.parametrize(("n", "r"), [(5, 0.0), (8, 0.8), (20, 0.5)])
def test_size_and_coverage_are_nominal(simulations, n, r):
    many = simulations(20_000)
    band = 3.3 * (0.05 * 0.95 / many) ** 0.5
    one, other = pairs(numpy.random.default_rng(n), many, n, 1.0, r)
    rejected = numpy.mean([spread_ratio(a, b).p < 0.05 for a, b in zip(one, other, strict=True)])
    assert abs(rejected - 0.05) < band
    one, other = pairs(numpy.random.default_rng(n + 1), many, n, 0.6, r)
    found = [spread_ratio(a, b) for a, b in zip(one, other, strict=True)]
    assert abs(numpy.mean([e.low <= 0.6 <= e.high for e in found]) - 0.95) < band


def test_the_table_has_a_row_for_each_contrast_and_a_family_of_its_own(runs, judged):
    table = spread_table(judged)
    assert len(table) == len(judged)
    assert table["p_adjusted"].to_numpy() == pytest.approx(holm(table["p"].to_numpy()), nan_ok=True)
    at = int(numpy.flatnonzero(table["p"].notna())[0])
    pairs = judged[at].differences
    known = spread_ratio(pairs.treatment_values, pairs.baseline_values)
    assert (table["ratio"][at], table["p"][at]) == pytest.approx((known.estimate, known.p))
    assert table["note"][at] == ""


def test_arms_of_different_epochs_have_no_p_and_still_count(judged):
    table = spread_table(judged)
    spanning = [at for at, one in enumerate(judged) if "epochs" in one.contrast.differs]
    assert spanning
    assert table["p"][spanning].isna().all()
    assert table["p_adjusted"].min() == pytest.approx(min(1, table["p"].min() * len(judged)))


def test_what_cannot_be_compared_still_counts(study, runs):
    lost = runs[(runs["condition_signature"] != runs["condition_signature"].iloc[0]) | (runs["arm"] != "linear")]
    table = spread_table(judge_study(study, lost))
    assert table["note"][0] == "not comparable"
    kept = table["p"].dropna()
    assert len(kept) < len(table)
    assert table["p_adjusted"].min() == pytest.approx(min(1, kept.min() * len(table)))
