"""Correlations over few points: refused below five, exact to nine, always with an interval."""

import functools
import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy
from numpy import ndarray
from scipy import stats

from analysis.statistics.intervals import correlation_interval
from analysis.statistics.ranks import TIE

FEWEST_POINTS = 5
EXACT_UP_TO = 9
"""Points whose orders are all enumerated: 9! = 362,880."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Correlation:
    """Pearson's r, its exact interval and its p; refused: why it must not be read as evidence, without a p."""

    estimate: float | None
    low: float
    high: float
    p: float | None
    statistic: float | None
    df: float | None
    n: int
    method: str
    status: Literal["ok", "few points", "refused"]
    reason: str


def correlate(x: Sequence[float] | ndarray, y: Sequence[float] | ndarray, level: float = 0.95) -> Correlation:
    """Pearson's correlation of n points; plot them too, since an outlier or a curve can give the same r.

    n < 5: status "refused" and no p, by chance alone |r| >= 0.99 arises in 9 % of all sets of three points. 5 to 9:
    exact permutation p. From 10 on the t test. The interval is Hotelling's exact one, for normal pairs.
    """
    one, other = numpy.asarray(x, dtype=float), numpy.asarray(y, dtype=float)
    if one.ndim != 1 or one.shape != other.shape:
        raise ValueError(f"a correlation needs two lists of equal length, got {one.shape} and {other.shape}")
    if not (numpy.isfinite(one).all() and numpy.isfinite(other).all()):
        raise ValueError("a correlation needs finite values, got NaN or infinity: say what a missing point counts as")
    n = len(one)
    if n < 2 or _is_constant(one) or _is_constant(other):
        reason = f"{n} points" if n < 2 else "one side does not vary"
        return _refused(None, -1.0, 1.0, n, f"{reason}: a correlation is not defined")
    r = float(numpy.clip(numpy.corrcoef(one, other)[0, 1], -1, 1))
    interval = correlation_interval(r, n, level) if n >= 3 else None
    low, high = (-1.0, 1.0) if interval is None else (interval.low or 0.0, interval.high or 0.0)
    if n < FEWEST_POINTS:
        return _refused(r, low, high, n, f"{n} points cannot carry a correlation, at least {FEWEST_POINTS} are needed")
    t = math.copysign(math.inf, r) if abs(r) == 1 else r * math.sqrt((n - 2) / (1 - r * r))
    if n <= EXACT_UP_TO:
        method, status, p = "Pearson, exact permutation", "few points", _permutation_p(one, other, r)
        reason = f"{n} points: a new one can change this"
    else:
        method, status, p = "Pearson, t test", "ok", float(2 * stats.t.sf(abs(t), n - 2))
        reason = ""
    return Correlation(
        estimate=r,
        low=low,
        high=high,
        p=max(p, math.ulp(0)),
        statistic=t if math.isfinite(t) else None,
        df=n - 2,
        n=n,
        method=method,
        status=status,
        reason=reason,
    )


def _refused(r: float | None, low: float, high: float, n: int, reason: str) -> Correlation:
    return Correlation(
        estimate=r,
        low=low,
        high=high,
        p=None,
        statistic=None,
        df=None,
        n=n,
        method="Pearson",
        status="refused",
        reason=reason,
    )


def _is_constant(values: ndarray) -> bool:
    return bool(numpy.ptp(values) <= 1e-12 * max(1.0, float(numpy.abs(values).max(initial=0.0))))


@functools.cache
def _orders(n: int) -> ndarray:
    """All orders of n points, (n!, n): 3 MB at nine."""
    return numpy.array(list(itertools.permutations(range(n))), dtype=numpy.int8)


def _permutation_p(x: ndarray, y: ndarray, r: float) -> float:
    """Two-sided p over all orders of y, ties to 1e-9."""
    one = (x - x.mean()) / numpy.linalg.norm(x - x.mean())
    other = (y - y.mean()) / numpy.linalg.norm(y - y.mean())
    return float((numpy.abs(other[_orders(len(y))] @ one) >= abs(r) - TIE).mean())
