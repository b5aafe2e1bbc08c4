"""Pictures in grey: scikit-learn's digits, and Fashion-MNIST (data/fashion_mnist.npz; see data/NOTICE.md)."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy
from numpy import ndarray
from sklearn.datasets import load_digits

from spectra_tune.tasks import shipped
from spectra_tune.tasks.idx import array_in, files_in
from spectra_tune.tasks.on_disk import taken
from spectra_tune.tasks.source import Source
from spectra_tune.tasks.splits import rows_beside_test, rows_of

MOST_VALIDATION = 1000
"""Of Fashion-MNIST: it is evaluated at every report."""


def digits(split: str, seed: int, *, samples: int) -> tuple[ndarray, ndarray]:
    """x (samples, 8, 8) float32 in 0 … 1, and which digit it is."""
    x, y = _digits()
    rows = rows_of(split, seed, len(y), samples)
    return x[rows], y[rows]


@cache
def _digits() -> tuple[ndarray, ndarray]:
    loaded: Any = load_digits()
    return (loaded.images / 16).astype(numpy.float32), loaded.target.astype(numpy.int64)


def fashion_mnist(split: str, seed: int, *, samples: int, folder: Source | None) -> tuple[ndarray, ndarray]:
    """x (samples, 28, 28) uint8 and what it is; test data are those of the official test file."""
    held = shipped.arrays("fashion_mnist.npz") if folder is None else _in_folder(folder)
    part = "test" if split == "test" else "train"
    images, labels = held[f"{part}_images"], held[f"{part}_labels"]
    count = len(labels)
    rows = numpy.arange(count) if split == "test" else rows_beside_test(split, seed, count, samples, MOST_VALIDATION)
    return taken(images, rows), labels[rows].astype(numpy.int64)


def _in_folder(folder: Source) -> Mapping[str, ndarray]:
    found = files_in(folder.place)
    folder.check(list(found.values()))
    return {part: array_in(file) for part, file in found.items()}
