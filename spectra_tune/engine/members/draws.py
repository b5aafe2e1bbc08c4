"""The data of a block's members as their task draws it: checked, and drawn once however many arms share it."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy
from numpy import ndarray

from spectra_tune import objectives
from spectra_tune.called import called
from spectra_tune.errors import InvalidStudy
from spectra_tune.objectives import objective_of, phases_of
from spectra_tune.own_code import said
from spectra_tune.tasks import shape_of
from spectra_tune.tasks.on_disk import MappedRows

KINDS = ("float64", "float32", "uint8", "int64")
"""Of inputs, kept as drawn; other numbers become float64. uint8 counts as a fraction of 255 where a network needs it as
a number; int64 is tokens where the task has a vocabulary."""

PART = 4096
"""Samples that are looked at at a time."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Samples:
    """What one task draws for one seed and split: x (samples, …), y (samples, …) as its objective has it.

    x may stay on disk (MappedRows): what needs it as a whole reads it then.
    """

    x: Any
    y: ndarray
    scores_of_constant: dict[str, float]  # of the best constant predictor, by metric
    digest: str = field(init=False)  # sha256 (hex) of the arrays

    def __post_init__(self):
        seen = hashlib.sha256()
        for part in (*_parts(self.x), self.y):
            seen.update(part.tobytes())
        object.__setattr__(self, "digest", seen.hexdigest())

    def __len__(self) -> int:
        return len(self.y)

    @property
    def numbers(self) -> ndarray:
        """x as floating-point numbers."""
        return numbers_of(numpy.asarray(self.x))


def numbers_of(x: ndarray) -> ndarray:
    """Inputs, or some of them, as floating-point numbers."""
    if x.dtype == numpy.uint8:
        return x / 255.0
    return x if x.dtype.kind == "f" else x.astype(numpy.float64)


def _parts(x: Any) -> Iterator[ndarray]:
    """Inputs a part after the other."""
    return (x[start : start + PART] for start in range(0, len(x), PART))


class Draw:
    """draw(split, seed), checked, and drawn once however many arms, or seeds, share it.

    Of a curriculum the last phase's, or that of the phase that is named; only those of the phase of the moment stay.
    """

    def __init__(self, task: Any):
        self._task, self._phases = task, phases_of(task)
        self._fixed = bool(getattr(task, "fixed", False))
        self._drawn: dict[tuple[str, int | None], Samples] = {}
        self._phase = self._phases - 1
        self._about: dict[tuple[int, str, int], tuple[str, dict[str, float]]] = {}

    def __call__(self, split: str, seed: int, phase: int | None = None) -> Samples:
        number = self._phases - 1 if phase is None else phase
        if number != self._phase:
            self._drawn, self._phase = {}, number
        key = (split, None if self._fixed else seed)
        if key not in self._drawn:
            of_phase = self._task if self._phases == 1 else self._task.phase(number)
            self._drawn[key] = checked_draw(of_phase, split, seed)
        drawn = self._drawn[key]
        self._about[number, split, seed] = drawn.digest, drawn.scores_of_constant
        return drawn

    def in_phases(self, split: str, seed: int) -> list[tuple[str, dict[str, float]]]:
        """Of each phase the digest of what is drawn, and what the best constant predictor scores on it."""
        for number in range(self._phases):
            if (number, split, seed) not in self._about:
                self(split, seed, number)
        return [self._about[number, split, seed] for number in range(self._phases)]


def checked_draw(task: Any, split: str, seed: int) -> Samples:
    """One draw of a task; refuses data that no network can be trained on."""
    where = f"split {split!r}, seed {seed}"
    drawn = task.draw(split, seed)
    try:
        x, y = (array if isinstance(array, MappedRows) else numpy.asarray(array) for array in drawn)
    except (TypeError, ValueError) as error:
        raise InvalidStudy(f"{called(task)} must draw a pair of arrays x, y, got in {where}: {said(error)}") from None
    if x.dtype.kind not in "fiu":
        raise InvalidStudy(f"{called(task)} must draw numbers x, got an array of {x.dtype} in {where}")
    if x.ndim < 2 or y.shape[:1] != x.shape[:1]:
        raise InvalidStudy(f"{called(task)} must draw x (samples, …) and y (samples, …), got {x.shape} and {y.shape}")
    vocabulary = getattr(task, "vocabulary", None)
    if vocabulary is not None and x.dtype.kind != "f" and len(x):
        least, most = min(part.min() for part in _parts(x)), max(part.max() for part in _parts(x))
        if least < 0 or most >= vocabulary:
            raise InvalidStudy(f"{called(task)} must draw tokens 0 … {vocabulary - 1}, got {least} … {most} in {where}")
    shape = shape_of(task)
    if len(x) == 0 or (shape is not None and x.shape[1:] != shape):
        raise InvalidStudy(f"{called(task)} must draw samples of shape {shape}, got {x.shape} in {where}")
    if not all((numpy.abs(part) <= numpy.finfo(numpy.float32).max).all() for part in _parts(x)):
        raise InvalidStudy(f"{called(task)} must draw finite data that single precision holds, got others in {where}")
    objective = objectives.implement(objective_of(task))
    target = objective.checked(y, task, where)
    kept = x if x.dtype.name in KINDS else numpy.asarray(x, dtype=numpy.float64)
    return Samples(x=kept, y=target, scores_of_constant=objective.scores_of_constant(target))


def digest_of(digests: Sequence[str]) -> str:
    """16 hex digits of sha256 over those of all the draws."""
    return hashlib.sha256("".join(digests).encode()).hexdigest()[:16]
