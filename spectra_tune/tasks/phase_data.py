"""The data of a curriculum's phases, made of those of a task: x (samples, …) and y (samples,)."""

from collections.abc import Sequence
from typing import Any

import numpy
from numpy import ndarray

from spectra_tune.errors import InvalidStudy
from spectra_tune.randomness import derived_seed


def permuted(x: Any, y: Any, seed: int, phase: int, classes: int | None, pixels: bool) -> tuple[ndarray, ndarray]:
    """Inputs' numbers, and classes where their number is given, in an order drawn for the phase."""
    x, y = numpy.asarray(x), numpy.asarray(y)
    generator = _generator(seed, phase)
    places = generator.permutation(x[0].size)
    names = None if classes is None else generator.permutation(classes)
    return _reordered(x, places) if pixels else x, y if names is None else names[y.astype(numpy.int64)]


def drifted(x: Any, seed: int, phase: int, share: float) -> ndarray:
    """Inputs in whose every phase up to this a share of the numbers has changed places."""
    x = numpy.asarray(x)
    order = numpy.arange(x[0].size)
    for before in range(1, phase + 1):
        generator = _generator(seed, before)
        moved = generator.permutation(len(order))[: max(2, round(share * len(order)))]
        order[moved] = order[generator.permutation(moved)]
    return _reordered(x, order)


def order_of_classes(seed: int, classes: int) -> list[int]:
    """In which the phases take them."""
    return _generator(seed, "classes").permutation(classes).tolist()


def of_classes(x: Any, y: Any, split: str, seed: int, classes: Sequence[int], needed: int) -> tuple[ndarray, ndarray]:
    """So many samples of each of these classes, in an order drawn by the seed."""
    x, y = numpy.asarray(x), numpy.asarray(y)
    chosen = []
    for name in classes:
        places = numpy.flatnonzero(y == name)
        if not 0 < needed <= len(places):
            raise InvalidStudy(
                f"which takes {needed} samples of every class, at least one: class {name} has {len(places)} in split "
                f"{split!r}, seed {seed}; choose a task with more, and equally many, of each"
            )
        chosen.append(_generator(seed, split, name).permutation(places)[:needed])
    places = _generator(seed, split, "order", classes[0]).permutation(numpy.concatenate(chosen))
    return x[places], y[places]


def some(x: Any, y: Any, seed: int, samples: int) -> tuple[ndarray, ndarray]:
    """So many of the samples, drawn by the seed."""
    places = _generator(seed, "few").permutation(len(y))[:samples]
    return numpy.asarray(x)[places], numpy.asarray(y)[places]


def _generator(seed: int, *purpose: str | int) -> numpy.random.Generator:
    return numpy.random.default_rng(derived_seed(seed, "data", "phase", *purpose))


def _reordered(x: ndarray, order: ndarray) -> ndarray:
    """Each sample's numbers in another order."""
    return x.reshape(len(x), -1)[:, order].reshape(x.shape)
