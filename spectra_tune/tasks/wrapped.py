"""Tasks made of others: pictures as sequences, and labels with noise."""

from dataclasses import dataclass
from math import prod
from typing import Any

from spectra_tune.called import called
from spectra_tune.errors import InvalidStudy, whole
from spectra_tune.objectives import CLASSIFICATION, objective_of
from spectra_tune.tasks.task import is_one_split, shape_of

COLOURS = 3
"""Of a picture (3, height, width), which are one pixel's numbers."""


def as_sequence(task: Any, *, step: int, permuted: int | None = None) -> "Sequences":
    """A task's samples read one part after the other: x (samples, positions, numbers), `step` pixels at each position.

    Pixels go row by row: of pictures 28 wide a step of 28 is a row, 1 a pixel at a time. permuted=k reads them in an
    order of its own, drawn from k and equal for every sample, split and seed.
    """
    shape = shape_of(task)
    if shape is None or getattr(task, "vocabulary", None) is not None:
        raise InvalidStudy(f"as_sequence needs samples of numbers whose shape the task says, {called(task)} has none")
    pixels = prod(shape) // _channels(shape)
    step = whole(step, f"step, of {pixels} pixels,", 1, pixels)
    if pixels % step:
        raise InvalidStudy(f"a step must divide the {pixels} pixels of {called(task)} into equal parts, got {step}")
    if permuted is not None:
        permuted = whole(permuted, "permuted, where it is not None,", 0)
    return Sequences(of=task, step=step, permuted=permuted)


def noisy_labels(task: Any, *, share: float) -> "NoisyLabels":
    """A task of which `share` of the training labels are wrong: each another class, drawn by the run's seed.

    Validation and test data stay what they are, and so do all inputs.
    """
    if objective_of(task).name != CLASSIFICATION:
        raise InvalidStudy(f"noisy_labels needs classes, the objective of {called(task)} is {objective_of(task).name}")
    if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1:
        raise InvalidStudy(f"share must be a number in 0 … 1, got {share!r}")
    return NoisyLabels(of=task, share=float(share))


def _channels(shape: tuple[int, ...]) -> int:
    return COLOURS if len(shape) == 3 and shape[0] == COLOURS else 1


@dataclass(frozen=True, kw_only=True)
class Wrapped:
    """A task made of another one, which says all that it does not say itself."""

    of: Any

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name == "of":
            raise AttributeError(name)
        return getattr(self.of, name)


@dataclass(frozen=True, kw_only=True)
class Sequences(Wrapped):
    """See `as_sequence`."""

    step: int
    permuted: int | None

    @property
    def shape(self) -> tuple[int, int]:
        """(positions, numbers at each)."""
        shape = shape_of(self.of)
        assert shape is not None
        numbers = self.step * _channels(shape)
        return prod(shape) // numbers, numbers

    true_labels = None  # those of a picture's place in the plane, which a sequence has not

    def draw(self, split: str, seed: int) -> tuple[Any, Any]:
        """x (samples, positions, numbers) of the task's own kind of number, and its y."""
        import numpy

        from spectra_tune.randomness import derived_seed

        x, y = self.of.draw(split, seed)
        x = numpy.asarray(x)
        channels = _channels(x.shape[1:])
        pixels = numpy.moveaxis(x.reshape(len(x), channels, -1), 1, 2)
        if self.permuted is not None:
            generator = numpy.random.default_rng(derived_seed(self.permuted, "data", "pixels"))
            pixels = pixels[:, generator.permutation(pixels.shape[1])]
        return pixels.reshape(len(x), *self.shape), y

    def __str__(self) -> str:
        order = "" if self.permuted is None else f", permuted={self.permuted}"
        return f"as_sequence({called(self.of)}, step={self.step}{order})"


@dataclass(frozen=True, kw_only=True)
class NoisyLabels(Wrapped):
    """See `noisy_labels`."""

    share: float

    fixed = False  # the seed draws which labels are wrong

    @property
    def one_split(self) -> bool:
        return is_one_split(self.of)

    def draw(self, split: str, seed: int) -> tuple[Any, Any]:
        """The task's x and y; of training some labels are others."""
        import numpy

        from spectra_tune.randomness import derived_seed

        x, y = self.of.draw(split, seed)
        if split != "train":
            return x, y
        y = numpy.array(y)
        generator = numpy.random.default_rng(derived_seed(seed, "data", "noise"))
        wrong = generator.permutation(len(y))[: round(self.share * len(y))]
        y[wrong] = (y[wrong] + generator.integers(1, self.of.classes, len(wrong))) % self.of.classes
        return x, y

    def __str__(self) -> str:
        return f"noisy_labels({called(self.of)}, share={self.share:g})"
