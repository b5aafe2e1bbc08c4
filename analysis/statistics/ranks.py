"""Signed ranks of paired differences and their exact null distribution, ties and zeros included."""

from typing import Literal

import numpy
from numpy import ndarray
from scipy import stats

TIE = 1e-9
"""Values closer than this (relative to the largest) count as tied: float noise must not decide a rank."""

Zeros = Literal["drop", "pratt"]


def signed_ranks(d: ndarray, zeros: Zeros = "drop") -> ndarray:
    """Signed midranks of |d|, zero differences left out: (non-zero differences,).

    "drop" leaves zeros out before ranking (Wilcoxon 1945), "pratt" after it (Pratt 1959).
    """
    if zeros not in ("drop", "pratt"):
        raise ValueError(f"zeros must be drop or pratt, got {zeros!r}")
    size = numpy.abs(d)
    slack = TIE * float(size.max(initial=0.0))
    is_zero = size <= slack
    if zeros == "drop":
        d, size, is_zero = d[~is_zero], size[~is_zero], is_zero[~is_zero]
    return (numpy.sign(d) * midranks(size, slack))[~is_zero]


def midranks(values: ndarray, slack: float = 0.0) -> ndarray:
    """Ranks from 1 on; values whose gap to the next smaller one is at most `slack` share the mean of their ranks."""
    order = numpy.argsort(values, kind="stable")
    group = numpy.empty(len(values))
    group[order] = numpy.cumsum(numpy.diff(values[order], prepend=-numpy.inf) > slack)
    return stats.rankdata(group)


def null_distribution(ranks: ndarray) -> tuple[ndarray, ndarray]:
    """Possible sums of the positive ranks and their probabilities when every sign is a fair coin's.

    ranks: unsigned midranks, multiples of a half. Counted by adding one rank after the other, not by enumeration.
    """
    doubled = numpy.rint(2 * ranks).astype(int)
    probability = numpy.ones(1)
    for rank in doubled:
        longer = numpy.zeros(len(probability) + rank)
        longer[: len(probability)] += probability / 2
        longer[rank:] += probability / 2
        probability = longer
    return numpy.arange(len(probability)) / 2, probability


def walsh_averages(d: ndarray) -> ndarray:
    """Means of all pairs of differences, each with itself included, in rising order: (n (n + 1) / 2,)."""
    first, second = numpy.triu_indices(len(d))
    return numpy.sort((d[first] + d[second]) / 2)
