"""Ranks share ties, and their null distribution is that of fair coins."""

import itertools

import numpy
import pytest
from scipy import stats

from analysis.statistics.ranks import midranks, null_distribution, signed_ranks, walsh_averages


@pytest.mark.parametrize("seed", range(4))
def test_midranks_are_those_of_scipy(seed):
    values = numpy.random.default_rng(seed).integers(0, 6, 12).astype(float)
    assert midranks(values).tolist() == stats.rankdata(values).tolist()
    assert len(midranks(numpy.array([]))) == 0


def test_values_closer_than_the_slack_share_a_rank():
    assert midranks(numpy.array([1.0, 1.0 + 1e-12, 2.0]), slack=1e-9).tolist() == [1.5, 1.5, 3.0]


def test_zeros_are_dropped_before_or_after_ranking():
    d = numpy.array([0.0, -1.0, 2.0, 0.0, 3.0])
    assert signed_ranks(d, "drop").tolist() == [-1, 2, 3]
    assert signed_ranks(d, "pratt").tolist() == [-3, 4, 5]


@pytest.mark.parametrize("ranks", [[1, 2, 3, 4, 5], [1.5, 1.5, 3.5, 3.5, 5], [2.5, 2.5, 2.5, 2.5], []])
def test_the_null_distribution_counts_all_signs(ranks):
    sums, probability = null_distribution(numpy.array(ranks, dtype=float))
    seen = [sum(itertools.compress(ranks, signs)) for signs in itertools.product([0, 1], repeat=len(ranks))]
    assert probability.sum() == pytest.approx(1)
    for value, share in zip(sums, probability, strict=True):
        assert share == pytest.approx(seen.count(value) / len(seen))


def test_there_is_a_walsh_average_for_every_pair():
    assert walsh_averages(numpy.array([1.0, 4.0, 2.0])).tolist() == [1, 1.5, 2, 2.5, 3, 4]


def test_a_difference_that_is_float_noise_beside_the_others_is_a_zero():
    d = numpy.array([0.3 - 0.2 - 0.1, -1.0, 2.0])
    assert d[0] != 0
    assert signed_ranks(d, "drop").tolist() == [-1, 2]
    assert signed_ranks(d, "pratt").tolist() == [-2, 3]


def test_ranks_turn_with_the_sign_and_have_no_unit():
    d = numpy.random.default_rng(0).integers(-4, 5, 15).astype(float)
    for zeros in ("drop", "pratt"):
        assert signed_ranks(-d, zeros).tolist() == (-signed_ranks(d, zeros)).tolist()
        assert signed_ranks(1e-6 * d, zeros).tolist() == signed_ranks(d, zeros).tolist()
