"""Tasks in the plane: moons, circles, checkerboard, spirals. Each draws x (samples, 2) and y (samples,)."""

import numpy
from numpy import ndarray
from sklearn.datasets import make_circles, make_moons

from spectra_tune.randomness import derived_seed

TEST_SAMPLES = 5000


def moons(split: str, seed: int, *, samples: int, noise_std: float, data_seed: int | None) -> tuple[ndarray, ndarray]:
    count, random_state = drawn_for(split, seed, samples, data_seed)
    x, y = make_moons(n_samples=count, noise=noise_std, random_state=random_state)
    return numpy.asarray(x), numpy.asarray(y)


def circles(
    split: str, seed: int, *, samples: int, noise_std: float, factor: float, data_seed: int | None
) -> tuple[ndarray, ndarray]:
    count, random_state = drawn_for(split, seed, samples, data_seed)
    x, y = make_circles(n_samples=count, noise=noise_std, factor=factor, random_state=random_state)
    return numpy.asarray(x), numpy.asarray(y)


def checkerboard(
    split: str, seed: int, *, samples: int, cells: int, noise_std: float, data_seed: int | None
) -> tuple[ndarray, ndarray]:
    count, random_state = drawn_for(split, seed, samples, data_seed)
    generator = numpy.random.default_rng(random_state)
    x = generator.uniform(-1, 1, (count, 2))
    cell = numpy.floor((x + 1) / 2 * cells).astype(numpy.int64)
    return x + generator.normal(0, noise_std, x.shape), cell.sum(axis=1) % 2


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


def drawn_for(split: str, seed: int, samples: int, data_seed: int | None) -> tuple[int, int]:
    """How many samples a split has, and the seed of its draw.

    With a data_seed the training set is drawn from just that (scikit-learn's data set of that random_state) and the
    other splits from it, whatever the run's seed.
    """
    count = TEST_SAMPLES if split == "test" else samples
    if data_seed is None:
        return count, derived_seed(seed, "data", split)
    return count, data_seed if split == "train" else derived_seed(data_seed, "data", split)
