"""Task: a data family with its settings, declared; and what any task says of itself, whoever wrote it."""

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache, partial
from importlib import import_module
from typing import Any

from spectra_tune.errors import one_of, whole
from spectra_tune.objectives import CLASSIFICATION, SPLITS
from spectra_tune.tasks.source import Source

SAMPLING = frozenset({"samples", "tiles", "data_seed"})
"""Settings that say which points are drawn, not where the classes are."""

_PACKAGE = __name__.rpartition(".")[0]
_LATER: dict[str, Any] = {"metadata": {"later": True}}


def shape_of(task: Any) -> tuple[int, ...] | None:
    """Of one sample of a task: its `shape`, or its `features` in a row; None where it says neither."""
    if getattr(task, "shape", None) is not None:
        return tuple(int(length) for length in task.shape)
    return (int(task.features),) if hasattr(task, "features") else None


def is_one_split(task: Any) -> bool:
    """Whether all seeds share their test data: a claim about them is one about just these data."""
    return bool(getattr(task, "fixed", False) or getattr(task, "one_split", False))


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A data family with its settings: which data, not yet the data."""

    name: str  # the constructor in spectra_tune.tasks, and the function that draws it
    module: str  # the file beside this one where that function is; not of the constructor's name, which it would hide
    classes: int | None  # None for a task without
    reference_width: int | None  # of an MLP that fits the task well; capacity ratios are relative to it
    settings: tuple[tuple[str, Any], ...]  # arguments of the constructor, sorted by name
    features: int = 2  # numbers of a sample
    objective: str = field(default=CLASSIFICATION, **_LATER)
    shape: tuple[int, ...] | None = field(default=None, **_LATER)  # of a sample, where that is no row of features
    vocabulary: int | None = field(default=None, **_LATER)  # where a sample is tokens
    official: bool = field(default=False, **_LATER)  # whether the test data are a declared split, equal for all seeds

    def draw(self, split: str, seed: int) -> tuple[Any, Any]:
        """x (samples, …) and y (samples, …), labels in int64 or what the objective learns, of one split and seed."""
        one_of(split, "split", SPLITS)
        return self._of_file(self.name)(split, seed, **dict(self.settings))

    def _of_file(self, name: str) -> Any:
        """A function of the file that draws the task; None where there is none of this name."""
        return getattr(import_module(f"{_PACKAGE}.{self.module}"), name, None)

    @property
    def true_labels(self) -> Callable[[Any], Any] | None:
        """The most probable class (points,) int64 at each of the points (points, features): Bayes' decision.

        Without noise it is the class itself where data can lie, and that of the nearest data elsewhere. None for a task
        whose file does not know it.
        """
        truth = self._of_file(f"{self.name}_truth")
        where = {key: value for key, value in self.settings if key not in SAMPLING}
        return None if truth is None else partial(truth, **where)

    @property
    def graph(self) -> Any:
        """The Graph whose nodes' numbers the samples are (see graphs.py); None for a task without."""
        graph = self._of_file(f"{self.name}_graph")
        return None if graph is None else graph()

    @property
    def samples(self) -> int:
        """Training points."""
        return dict(self.settings)["samples"]

    @property
    def reads_files(self) -> bool:
        """Whether it reads files of a user's."""
        return any(isinstance(value, Source) for _, value in self.settings)

    @property
    def fixed(self) -> bool:
        """Whether every run has the same data."""
        return dict(self.settings).get("data_seed") is not None

    @property
    def one_split(self) -> bool:
        """Whether every run has the same test data."""
        return self.fixed or self.official

    @property
    def data(self) -> str:
        """What it is called, whatever points of it are drawn."""
        return self._said(key for key, _ in self.settings if key not in SAMPLING)

    def __str__(self) -> str:
        return self._said(key for key, _ in self.settings)

    def _said(self, keys: Iterable[str]) -> str:
        given, defaults = dict(self.settings), _defaults(self.name)
        shown = [f"{key}={given[key]}" for key in keys if given[key] != defaults[key]]
        return f"{self.name}({', '.join(shown)})" if shown else self.name


@cache
def _defaults(name: str) -> dict[str, Any]:
    """What a constructor's settings are where nothing is said."""
    constructor = getattr(import_module(_PACKAGE), name)
    return {key: one.default for key, one in inspect.signature(constructor).parameters.items()}


def declared(
    constructor: Callable,
    module: str,
    settings: Mapping[str, Any],
    *,
    classes: int | None = None,
    reference_width: int | None = None,
    **fields: Any,
) -> Task:
    """The Task of a constructor with its arguments, and what they make of Task's other fields."""
    samples = whole(settings["samples"], "samples", 2)
    return Task(
        name=constructor.__name__,
        module=module,
        classes=classes,
        reference_width=reference_width,
        settings=tuple(sorted({**settings, "samples": samples}.items())),
        **fields,
    )
