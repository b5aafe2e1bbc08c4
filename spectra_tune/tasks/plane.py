"""Tasks in the plane: moons, circles, checkerboard, spirals.

Each draws x (samples, 2) and y (samples,), and has Bayes' decision (points,) at points (points, 2).
"""

import math

import numpy
from numpy import ndarray
from sklearn.datasets import make_circles, make_moons

from spectra_tune.randomness import derived_seed
from spectra_tune.tasks.bayes import most_probable

TEST_SAMPLES = 5000


def moons(split: str, seed: int, *, samples: int, noise_std: float, data_seed: int | None) -> tuple[ndarray, ndarray]:
    count, random_state = drawn_for(split, seed, samples, data_seed)
    x, y = make_moons(n_samples=count, noise=noise_std, random_state=random_state)
    return numpy.asarray(x), numpy.asarray(y)


def moons_truth(points: ndarray, *, noise_std: float) -> ndarray:
    def outer(t: ndarray) -> ndarray:
        return _on_circle(t / 2)

    def inner(t: ndarray) -> ndarray:
        return numpy.array([1.0, 0.5]) - _on_circle(t / 2)

    return most_probable(points, [outer, inner], noise_std)


def circles(
    split: str, seed: int, *, samples: int, noise_std: float, factor: float, data_seed: int | None
) -> tuple[ndarray, ndarray]:
    count, random_state = drawn_for(split, seed, samples, data_seed)
    x, y = make_circles(n_samples=count, noise=noise_std, factor=factor, random_state=random_state)
    return numpy.asarray(x), numpy.asarray(y)


def circles_truth(points: ndarray, *, noise_std: float, factor: float) -> ndarray:
    """Looked up by the distance from the centre, on which alone it depends."""
    radius = numpy.hypot(points[:, 0], points[:, 1])
    on_axis = numpy.stack((radius, numpy.zeros_like(radius)), axis=1)
    return most_probable(on_axis, [_on_circle, lambda t: factor * _on_circle(t)], noise_std)


def checkerboard(
    split: str, seed: int, *, samples: int, cells: int, noise_std: float, data_seed: int | None
) -> tuple[ndarray, ndarray]:
    count, random_state = drawn_for(split, seed, samples, data_seed)
    generator = numpy.random.default_rng(random_state)
    x = generator.uniform(-1, 1, (count, 2))
    cell = numpy.floor((x + 1) / 2 * cells).astype(numpy.int64)
    return x + generator.normal(0, noise_std, x.shape), cell.sum(axis=1) % 2


def checkerboard_truth(points: ndarray, *, cells: int, noise_std: float) -> ndarray:
    """With noise, the density of class 0 less that of class 1 is a product of one such function of each coordinate."""
    if noise_std == 0:
        cell = numpy.clip(numpy.floor((points + 1) / 2 * cells), 0, cells - 1).astype(numpy.int64)
        return cell.sum(axis=1) % 2
    even = [_even_minus_odd(points[:, axis], cells, noise_std) > 0 for axis in (0, 1)]
    return (even[0] != even[1]).astype(numpy.int64)


def _even_minus_odd(x: ndarray, cells: int, noise_std: float) -> ndarray:
    """Density of even less that of odd columns at each coordinate, times a constant: a sum of Gaussian integrals.

    Right of the centre, where erfc of positive numbers keeps its precision; the left is its mirror image.
    """
    erfc = numpy.frompyfunc(math.erfc, 1, 1)
    values, where = numpy.unique(numpy.abs(x), return_inverse=True)
    edges = numpy.linspace(-1, 1, cells + 1)
    below = numpy.asarray(erfc((values[:, None] - edges) / (math.sqrt(2) * noise_std)), dtype=float)
    sign = (-1.0) ** numpy.arange(cells)
    right = ((below[:, 1:] - below[:, :-1]) * sign).sum(axis=1)[where]
    return numpy.where((x < 0) & (cells % 2 == 0), -right, right)


def spirals(
    split: str, seed: int, *, samples: int, classes: int, turns: float, noise_std: float, data_seed: int | None
) -> tuple[ndarray, ndarray]:
    count, random_state = drawn_for(split, seed, samples, data_seed)
    generator = numpy.random.default_rng(random_state)
    y = generator.permutation(numpy.arange(count) % classes)
    radius = generator.uniform(0, 1, count)
    angle = 2 * numpy.pi * (turns * radius + y / classes)
    x = radius[:, None] * numpy.stack((numpy.cos(angle), numpy.sin(angle)), axis=1)
    return x + generator.normal(0, noise_std, x.shape), y


def spirals_truth(points: ndarray, *, classes: int, turns: float, noise_std: float) -> ndarray:
    arcs = [lambda t, label=label: t[:, None] * _on_circle(turns * t + label / classes) for label in range(classes)]
    return most_probable(points, arcs, noise_std)


def _on_circle(turns: ndarray) -> ndarray:
    """Points (…, 2) of the unit circle, so many turns from (1, 0)."""
    angle = 2 * numpy.pi * turns
    return numpy.stack((numpy.cos(angle), numpy.sin(angle)), axis=-1)


def drawn_for(split: str, seed: int, samples: int, data_seed: int | None) -> tuple[int, int]:
    """How many samples a split has, and the seed of its draw.

    With a data_seed the training set is drawn from just that (scikit-learn's data set of that random_state) and the
    other splits from it, whatever the run's seed.
    """
    count = TEST_SAMPLES if split == "test" else samples
    if data_seed is None:
        return count, derived_seed(seed, "data", split)
    return count, data_seed if split == "train" else derived_seed(data_seed, "data", split)
