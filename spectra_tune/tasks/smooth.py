"""Smooth functions of the plane with noise, for regression."""

import numpy
from numpy import ndarray

from spectra_tune.tasks.plane import drawn_for


def surface(split: str, seed: int, *, samples: int, noise_std: float, data_seed: int | None) -> tuple[ndarray, ndarray]:
    """x (samples, 2) and y (samples,)."""
    count, random_state = drawn_for(split, seed, samples, data_seed)
    generator = numpy.random.default_rng(random_state)
    x = generator.uniform(-1, 1, (count, 2))
    y = numpy.sin(numpy.pi * x[:, 0]) * numpy.cos(numpy.pi * x[:, 1])
    return x, y + generator.normal(0, noise_std, count)
