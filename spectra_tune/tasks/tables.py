"""Tables of the UCI Machine Learning Repository (data/letters.npz, data/satellite.npz; see data/NOTICE.md)."""

import numpy
from numpy import ndarray

from spectra_tune.tasks import shipped
from spectra_tune.tasks.splits import rows_of


def letters(split: str, seed: int, *, samples: int) -> tuple[ndarray, ndarray]:
    """x (samples, 16) float64, and which of the 26 letters it is."""
    return _scaled("letters.npz", split, seed, samples)


def satellite(split: str, seed: int, *, samples: int) -> tuple[ndarray, ndarray]:
    """x (samples, 36) float64, and which of the 6 kinds of ground it is."""
    return _scaled("satellite.npz", split, seed, samples)


def _scaled(name: str, split: str, seed: int, samples: int) -> tuple[ndarray, ndarray]:
    """Features with mean 0 and standard deviation 1 over the training split."""
    held = shipped.arrays(name)
    x, y = held["features"].astype(numpy.float64), held["labels"].astype(numpy.int64)
    train, rows = (x[rows_of(which, seed, len(y), samples)] for which in ("train", split))
    return (rows - train.mean(axis=0)) / train.std(axis=0), y[rows_of(split, seed, len(y), samples)]
