"""Sequences that need a memory: the adding problem and the copy task."""

import numpy
from numpy import ndarray

from spectra_tune.objectives import IGNORED
from spectra_tune.tasks.plane import drawn_for

COPIED, SYMBOLS = 10, 8
"""Of the copy task: places to remember, and what may be in each. Token 0 is a blank, the last one asks for the copy."""

COPY_VOCABULARY = SYMBOLS + 2


def adding(split: str, seed: int, *, length: int, samples: int, data_seed: int | None) -> tuple[ndarray, ndarray]:
    """x (samples, length, 2) float32, numbers and marks, y (samples,) the sum of the two marked numbers.

    Source: Hochreiter & Schmidhuber 1997 as in Le, Jaitly & Hinton 2015: numbers uniform in 0 … 1, one mark in each
    half. The best constant, 1, has a mean squared error of 1/6.
    """
    count, random_state = drawn_for(split, seed, samples, data_seed)
    generator = numpy.random.default_rng(random_state)
    number = generator.uniform(0, 1, (count, length))
    first = generator.integers(0, length // 2, count)
    second = generator.integers(length // 2, length, count)
    mark, every = numpy.zeros((count, length)), numpy.arange(count)
    mark[every, first] = mark[every, second] = 1
    return numpy.stack((number, mark), axis=2).astype(numpy.float32), (number * mark).sum(axis=1)


def copy_memory(split: str, seed: int, *, length: int, samples: int, data_seed: int | None) -> tuple[ndarray, ndarray]:
    """x and y (samples, length + 20) int64: ten symbols, blanks, a sign to copy, and the ten again at the end of y.

    Source: Arjovsky, Shah & Bengio 2016, with `length` blanks between; unlike there only the copy is scored, so that
    the best constant comes to log 8 nats a token and an accuracy of about 1/8.
    """
    count, random_state = drawn_for(split, seed, samples, data_seed)
    symbols = numpy.random.default_rng(random_state).integers(1, SYMBOLS + 1, (count, COPIED))
    x = numpy.zeros((count, length + 2 * COPIED), dtype=numpy.int64)
    x[:, :COPIED], x[:, -COPIED - 1] = symbols, COPY_VOCABULARY - 1
    y = numpy.full_like(x, IGNORED)
    y[:, -COPIED:] = symbols
    return x, y
