"""The noncentral t distribution and its inverse, by quadrature over the chi distribution alone."""

import math

import numpy
import pytest
from scipy import special, stats

from analysis.statistics.noncentral_t import noncentrality_at, share_below

NODES, WEIGHTS = numpy.polynomial.legendre.leggauss(40)


def by_chi(t, df, noncentrality):
    """P(t S - Z >= noncentrality) over S = chi / sqrt(df), in pieces about its mean and about where Z decides."""
    steps = numpy.array([-40, -20, -10, -6, -4, -2, -1, 0, 1, 2, 4, 6, 10, 20, 40])
    edges = 1 + steps / (2 * df) ** 0.5
    if t:
        edges = numpy.concatenate((edges, (noncentrality + steps) / t))
    edges = numpy.unique(numpy.clip(edges, 0, 1 + 40 / (2 * df) ** 0.5))
    half = numpy.diff(edges)[:, None] / 2
    s = edges[:-1, None] + half * (1 + NODES)
    log_density = math.log(2) + df / 2 * math.log(df / 2) - special.gammaln(df / 2) - df * s**2 / 2
    density = numpy.exp(log_density + (df - 1) * numpy.log(s))
    return float((half * density * special.ndtr(t * s - noncentrality) * WEIGHTS).sum())


@pytest.mark.parametrize("n", [*range(2, 21), 30, 50, 100, 200])
def test_an_interval_s_ends_put_t_where_they_say_and_hold_it(n, simulations):
    df = n - 1
    for t in [0.0, *numpy.geomspace(1e-3, 1e5, simulations(1_000)), 9.7, 11.52, 27.89, 3882.78]:
        low, high = noncentrality_at(t, df, 0.975), noncentrality_at(t, df, 0.025)
        assert low < t < high
        assert [by_chi(t, df, low), by_chi(t, df, high)] == pytest.approx([0.975, 0.025], abs=1e-10)
        assert noncentrality_at(-t, df, 0.025) == pytest.approx(-low, rel=1e-9, abs=1e-9)


def test_neighbours_have_neighbouring_intervals_at_two_differences():
    """Of 400 such t scipy gave a wrong end for 274."""
    ends = [(noncentrality_at(t, 1, 0.975), noncentrality_at(t, 1, 0.025)) for t in numpy.geomspace(5, 9e4, 400)]
    assert (numpy.diff(ends, axis=0) > 0).all()
    assert (numpy.diff(numpy.log(numpy.array(ends)[:, 1])) < 0.03).all()


@pytest.mark.parametrize("df", [1, 4, 30, 1000])
@pytest.mark.parametrize("t", [-3.0, -0.2, 0.0, 0.5, 2.0, 8.0])
def test_without_noncentrality_it_is_students_t(t, df):
    assert share_below(t, df, 0.0) == pytest.approx(stats.t.cdf(t, df), abs=1e-12)


@pytest.mark.parametrize("noncentrality", [-2.0, 0.5, 3.0])
@pytest.mark.parametrize("t", [-1.0, 0.7, 4.0])
def test_near_the_middle_it_is_scipys(t, noncentrality):
    for df in (3, 9, 40):
        expected = stats.nct.cdf(t, df, noncentrality)
        assert share_below(t, df, noncentrality) == pytest.approx(expected, abs=1e-10)


def test_it_falls_with_the_noncentrality_and_ends_at_one_and_zero():
    shares = [share_below(30.0, 3, at) for at in numpy.linspace(-20, 200, 300)]
    assert (numpy.diff(shares) <= 1e-14).all()
    assert [shares[0], shares[-1]] == pytest.approx([1, 0], abs=1e-12)
