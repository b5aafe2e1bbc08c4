"""The next character of a novel (data/pride_and_prejudice.txt.gz; see data/NOTICE.md), chapters being held out."""

import re
from functools import cache

import numpy
from numpy import ndarray
from numpy.lib.stride_tricks import sliding_window_view

from spectra_tune.randomness import derived_seed
from spectra_tune.tasks import shipped

SHARES = {"train": 0.6, "validation": 0.2, "test": 0.2}
"""Of the chapters."""

HELD_OUT = 500
"""Windows of validation and of test."""


def pride_and_prejudice(split: str, seed: int, *, context: int, samples: int) -> tuple[ndarray, ndarray]:
    """x and y (samples, context) int64: characters, and at each place the one that comes next.

    Windows lie anywhere in the split's chapters, each within one.
    """
    starts, tokens = [], tokens_of()
    for first, last in numpy.array(chapters())[chapters_of(split, seed)]:
        starts.append(numpy.arange(first, last - context))
    generator = numpy.random.default_rng(derived_seed(seed, "data", split))
    chosen = generator.choice(numpy.concatenate(starts), samples if split == "train" else HELD_OUT)
    windows = sliding_window_view(tokens, context + 1)[chosen]
    return windows[:, :-1].astype(numpy.int64), windows[:, 1:].astype(numpy.int64)


def chapters_of(split: str, seed: int) -> ndarray:
    """Numbers of the split's chapters."""
    order = numpy.random.default_rng(derived_seed(seed, "data", "chapters")).permutation(len(chapters()))
    ends = numpy.rint(numpy.cumsum(list(SHARES.values())) * len(order)).astype(int)
    return numpy.sort(dict(zip(SHARES, numpy.split(order, ends[:-1]), strict=True))[split])


@cache
def chapters() -> tuple[tuple[int, int], ...]:
    """Where each chapter begins and ends in the text, its heading included."""
    novel = shipped.text("pride_and_prejudice.txt.gz")
    begins = [found.start() for found in re.finditer(r"^Chapter \d+", novel, re.MULTILINE)]
    return tuple(zip(begins, [*begins[1:], len(novel)], strict=True))


@cache
def tokens_of() -> ndarray:
    """The novel's characters (characters,) as numbers, in the order of their code points."""
    return numpy.unique(list(shipped.text("pride_and_prejudice.txt.gz")), return_inverse=True)[1]
