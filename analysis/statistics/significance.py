"""Tests of paired differences, and corrections for many of them."""

from collections.abc import Iterator, Sequence
from typing import Literal

import numpy
from numpy import ndarray
from scipy import special

from analysis.statistics.estimate import Estimate, sample, standard_deviation
from analysis.statistics.ranks import TIE, Zeros, null_distribution, signed_ranks, walsh_averages

EXACT_UP_TO = 20
"""Differences whose sign flips are all enumerated; beyond, a seeded sample of them."""

RANDOM_FLIPS = 99_999

CELLS_AT_A_TIME = 1 << 20
"""Entries of the largest array that a test of many flips holds at once: some 8 MB each."""


Alternative = Literal["two-sided", "greater", "less"]


def paired_t(d: Sequence[float] | ndarray, level: float = 0.95, alternative: Alternative = "two-sided") -> Estimate:
    """Paired t test of differences d (n >= 2) with the two-sided interval of their mean.

    Zero variance: the interval is the mean itself; p is 1 where all differences are 0, else None, since t is not
    defined there and the exact sign flip stands beside it. By hand: scipy's ttest_1samp and stats.t agree to the bit
    and take ten times as long, which in the calibration is minutes.
    """
    values = sample(d, least=2)
    _check_alternative(alternative)
    n, mean, spread = len(values), float(values.mean()), standard_deviation(values)
    if spread == 0:
        p = 1.0 if abs(mean) < 1e-12 else None
        return Estimate(estimate=mean, low=mean, high=mean, p=p, df=n - 1, n=n, method="paired t")
    error = spread / n**0.5
    half = float(special.stdtrit(n - 1, (1 + level) / 2)) * error
    return Estimate(
        estimate=mean,
        low=mean - half,
        high=mean + half,
        p=_p_of_t(mean / error, n - 1, alternative),
        statistic=mean / error,
        df=n - 1,
        n=n,
        method="paired t",
    )


def _p_of_t(t: float, df: int, alternative: Alternative) -> float:
    if alternative == "two-sided":
        return float(2 * special.stdtr(df, -abs(t)))
    return float(special.stdtr(df, -t if alternative == "greater" else t))


def _check_alternative(alternative: str) -> None:
    if alternative not in ("two-sided", "greater", "less"):
        raise ValueError(f"alternative must be two-sided, greater or less, got {alternative!r}")


def sign_flip(d: Sequence[float] | ndarray, alternative: Alternative = "two-sided", seed: int = 0) -> Estimate:
    """Test of symmetry about 0 by flipping signs, statistic sum(d): exact to n = 20, else 99,999 seeded flips.

    Random flips give (b + 1) / (B + 1). Source: Fisher 1935; ties are counted to 1e-9.
    """
    values = sample(d)
    _check_alternative(alternative)
    n, total = len(values), float(values.sum())
    slack = TIE * float(numpy.abs(values).sum())
    exact = n <= EXACT_UP_TO
    reached = count = 0
    for sums in (
        [_sums_of_all_signs(values)] if exact else (signs @ values for signs in _random_signs(n, seed, _rows(n)))
    ):
        if alternative == "greater":
            reached += int((sums >= total - slack).sum())
        elif alternative == "less":
            reached += int((sums <= total + slack).sum())
        else:
            reached += int((numpy.abs(sums) >= abs(total) - slack).sum())
        count += len(sums)
    p = reached / count if exact else (reached + 1) / (count + 1)
    method = "exact sign flip" if exact else f"sign flip, {RANDOM_FLIPS} random"
    return Estimate(estimate=float(values.mean()), p=p, statistic=total, n=n, method=method)


def wilcoxon(d: Sequence[float] | ndarray, zeros: Zeros = "drop", alternative: Alternative = "two-sided") -> Estimate:
    """Exact signed-rank test, ties and zeros included; statistic: sum of the positive ranks; estimate: Hodges-Lehmann.

    The null distribution of the midranks at hand is counted, at any n. scipy's `wilcoxon` turns asymptotic above 13
    differences with ties or zeros, and its method="exact" ignores ties: on Demsar's 14 data sets .0108 and .0093
    instead of .0073. All differences 0: p is 1.
    """
    values = sample(d)
    _check_alternative(alternative)
    ranks = signed_ranks(values, zeros)
    sums, probability = null_distribution(numpy.abs(ranks))
    found = float(ranks[ranks > 0].sum())
    if alternative == "greater":
        extreme = sums >= found - TIE
    elif alternative == "less":
        extreme = sums <= found + TIE
    else:
        centre = sums[-1] / 2
        extreme = numpy.abs(sums - centre) >= abs(found - centre) - TIE
    p = min(1.0, float(probability[extreme].sum()))
    centre_of_d = float(numpy.median(walsh_averages(values)))
    return Estimate(
        estimate=centre_of_d, p=p, statistic=found, n=len(values), method=f"exact signed rank, zeros {zeros}"
    )


def holm(p: Sequence[float] | ndarray) -> ndarray:
    """Holm's step-down adjusted p, in the order given. A missing p (NaN) counts in m and stays NaN.

    By hand: statsmodels' multipletests agrees, but took five sixths of the calibration's time.
    """
    values = _probabilities(p)
    order = numpy.argsort(values)  # NaN last
    factors = len(values) - numpy.arange(len(values))
    adjusted = numpy.empty(len(values))
    adjusted[order] = numpy.minimum(1, numpy.maximum.accumulate(values[order] * factors))
    return adjusted


def _probabilities(p: Sequence[float] | ndarray) -> ndarray:
    values = numpy.asarray(p, dtype=float)
    if values.ndim != 1 or ((values < 0) | (values > 1)).any():
        raise ValueError(f"p must be one list of values in 0 … 1 (NaN: missing), got {p!r}")
    return values


def max_t(differences: ndarray) -> ndarray:
    """Step-down max-T adjusted two-sided p of each column of `differences` (seeds, contrasts), in the order given.

    Each seed's signs are flipped jointly over all contrasts, so their dependence is kept; exact to 20 seeds. The
    statistic is |sum d| / sqrt(n sum d^2), for equal n a monotone function of |t| that is finite without variance.
    Source: Westfall and Young 1993, algorithm 4.1; ties are counted to 1e-9 (Bioconductor's multtest does not).
    Arms that share a baseline are jointly symmetric only for symmetric errors: simulated, the level holds there too.
    """
    table = numpy.asarray(differences, dtype=float)
    if table.ndim != 2 or not numpy.isfinite(table).all():
        raise ValueError(f"a finite table (seeds, contrasts) is needed, got shape {table.shape}")
    if len(table) == 0:
        raise ValueError("max-T needs at least one seed, got none")
    n, at_a_time = len(table), _rows(max(table.shape))
    length = numpy.sqrt(n * (table**2).sum(axis=0))
    unit = table / numpy.where(length == 0, 1, length)
    observed = numpy.abs(unit.sum(axis=0))
    order = numpy.argsort(-observed, kind="stable")
    reached, count = numpy.zeros(len(order)), 0
    exact = n <= EXACT_UP_TO
    for signs in _half_of_all_signs(n, at_a_time) if exact else _random_signs(n, 0, at_a_time):
        flipped = numpy.abs(signs @ unit[:, order])
        largest_from_here = numpy.maximum.accumulate(flipped[:, ::-1], axis=1)[:, ::-1]
        reached += (largest_from_here >= observed[order] - TIE).sum(axis=0)
        count += len(signs)
    p = reached / count if exact else (reached + 1) / (count + 1)
    adjusted = numpy.empty(len(order))
    adjusted[order] = numpy.maximum.accumulate(p)
    return adjusted


def smallest_attainable_p(n: int) -> float:
    """The smallest two-sided p that an exact sign flip of n differences can reach: 2^(1 - n)."""
    return 2.0 ** (1 - n)


def smallest_flip_p(n: int) -> float:
    """The smallest two-sided p that `sign_flip` and `max_t` give for n differences: of all signs, or of a sample."""
    return smallest_attainable_p(n) if n <= EXACT_UP_TO else 1 / (RANDOM_FLIPS + 1)


def _rows(width: int) -> int:
    """How many flips may be held at once, where each takes this many cells."""
    return max(1, CELLS_AT_A_TIME // max(1, width))


def _sums_of_all_signs(values: ndarray) -> ndarray:
    """Sums of the values under all 2^n choices of their signs: each value doubles those of the values before it."""
    sums = numpy.zeros(1)
    for value in values:
        sums = numpy.concatenate((sums + value, sums - value))
    return sums


def _all_signs(n: int, at_a_time: int) -> Iterator[ndarray]:
    """All 2^n rows of n signs, some at a time."""
    for start in range(0, 1 << n, at_a_time):
        numbers = numpy.arange(start, min(start + at_a_time, 1 << n))
        yield 1.0 - 2.0 * ((numbers[:, None] >> numpy.arange(n)) & 1)


def _half_of_all_signs(n: int, at_a_time: int) -> Iterator[ndarray]:
    """Those of all signs whose last is +: for statistics that do not change when every sign does."""
    for signs in _all_signs(n - 1, at_a_time):
        yield numpy.concatenate((signs, numpy.ones((len(signs), 1))), axis=1)


def _random_signs(n: int, seed: int, at_a_time: int) -> Iterator[ndarray]:
    generator = numpy.random.default_rng(seed)
    for start in range(0, RANDOM_FLIPS, at_a_time):
        rows = min(at_a_time, RANDOM_FLIPS - start)
        yield generator.integers(0, 2, (rows, n)) * 2.0 - 1.0
