"""A small task of numbers to predict: nothing of it is a class."""

from dataclasses import dataclass

import numpy

from spectra_tune.randomness import derived_seed


@dataclass(frozen=True)
class Waves:
    """y = sin(2 x1) + x2 / 2 and a little noise."""

    samples: int = 60
    features = 2
    objective = "regression"

    def draw(self, split, seed):
        drawn = numpy.random.default_rng(derived_seed(seed, "data", split))
        x = drawn.uniform(-1.5, 1.5, (self.samples, 2))
        return x, numpy.sin(2 * x[:, 0]) + x[:, 1] / 2 + 0.1 * drawn.normal(size=self.samples)
