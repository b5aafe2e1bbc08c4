"""Which rows of finite data are for training, validation and test: drawn by the seed."""

import numpy
from numpy import ndarray

from spectra_tune.randomness import derived_seed
from spectra_tune.tasks.plane import TEST_SAMPLES


def rows_of(split: str, seed: int, count: int, samples: int) -> ndarray:
    """Numbers of a split's rows, of so many in all, of which training has `samples`, at least two fewer.

    Validation has half of what training leaves, at most as many as training; test the rest, at most as many as training
    or TEST_SAMPLES, whichever is more.
    """
    left = count - samples
    validation = min(samples, left // 2)
    test = min(left - validation, max(samples, TEST_SAMPLES))
    bounds = {"train": (0, samples), "validation": (samples, samples + validation)}
    first, last = bounds.get(split, (samples + validation, samples + validation + test))
    return _order(seed, count)[first:last]


def rows_beside_test(split: str, seed: int, count: int, samples: int, validation: int) -> ndarray:
    """Numbers of a split's rows where test data lie elsewhere: validation has at most so many."""
    order = _order(seed, count)
    return order[:samples] if split == "train" else order[samples : samples + validation]


def _order(seed: int, count: int) -> ndarray:
    return numpy.random.default_rng(derived_seed(seed, "data", "rows")).permutation(count)
