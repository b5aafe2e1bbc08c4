"""Tasks, declared: constructors that load nothing heavy; the files beside this one draw the data.

A task of your own is any object with `draw(split, seed) -> x, y`, arrays whose first axis is samples (split "train",
"validation" or "test"). x: floating-point numbers, uint8 (fractions of 255) or int64 (tokens, if the task has a
`vocabulary`), of any shape, which the task says as `shape` or, for a row of numbers, as `features`. y: labels 0 …
`classes` - 1, or what another `objective` (see spectra_tune.objectives) learns. `reference_width` (or None) is for
capacity ratios; `fixed` says that every seed has the same data. Make it a frozen dataclass, and draw from generators of
your own seeding. With `true_labels(points) -> labels`, the best that any classifier can do, the complexity of its
boundary can be measured (see geometry/complexity.py).
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, partial
from importlib import import_module
from typing import Any

from spectra_tune.errors import InvalidStudy, not_negative, one_of, positive, whole
from spectra_tune.objectives import CLASSIFICATION, REGRESSION, SPLITS
from spectra_tune.tasks.windows import WINDOWS

SAMPLING = frozenset({"samples", "tiles", "data_seed"})
"""Settings that say which points are drawn, not where the classes are."""


def shape_of(task: Any) -> tuple[int, ...] | None:
    """Of one sample of a task: its `shape`, or its `features` in a row; None where it says neither."""
    if getattr(task, "shape", None) is not None:
        return tuple(int(length) for length in task.shape)
    return (int(task.features),) if hasattr(task, "features") else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A data family with its settings: which data, not yet the data."""

    name: str  # the constructor here, and the function that draws it
    module: str  # the file beside this one where that function is; not of the constructor's name, which it would hide
    classes: int | None  # None for a task without
    reference_width: int | None  # of an MLP that fits the task well; capacity ratios are relative to it
    settings: tuple[tuple[str, Any], ...]  # arguments of the constructor, sorted by name
    features: int = 2
    objective: str = field(default=CLASSIFICATION, metadata={"later": True})

    def draw(self, split: str, seed: int) -> tuple[Any, Any]:
        """x (samples, features) float64 and y (samples,), int64 or what the objective learns, of one split and seed."""
        one_of(split, "split", SPLITS)
        module = import_module(f"{__name__}.{self.module}")
        return getattr(module, self.name)(split, seed, **dict(self.settings))

    @property
    def true_labels(self) -> Callable[[Any], Any] | None:
        """The most probable class (points,) int64 at each of the points (points, features): Bayes' decision.

        Without noise it is the class itself where data can lie, and that of the nearest data elsewhere. None for a task
        whose file does not know it.
        """
        truth = getattr(import_module(f"{__name__}.{self.module}"), f"{self.name}_truth", None)
        where = {key: value for key, value in self.settings if key not in SAMPLING}
        return None if truth is None else partial(truth, **where)

    @property
    def samples(self) -> int:
        """Training points."""
        return dict(self.settings)["samples"]

    @property
    def fixed(self) -> bool:
        """Whether every run has the same data."""
        return dict(self.settings)["data_seed"] is not None

    def __str__(self) -> str:
        defaults = _defaults(self.name)
        shown = [f"{key}={value}" for key, value in self.settings if value != defaults[key]]
        return f"{self.name}({', '.join(shown)})" if shown else self.name


@cache
def _defaults(name: str) -> dict[str, Any]:
    """What a constructor's settings are where nothing is said."""
    return {key: one.default for key, one in inspect.signature(globals()[name]).parameters.items()}


def _task(
    constructor: Callable,
    module: str,
    n_classes: int | None,
    reference_width: int | None,
    objective: str = CLASSIFICATION,
    **settings: Any,
) -> Task:
    settings["samples"] = whole(settings["samples"], "samples", 2)
    if settings["data_seed"] is not None:
        settings["data_seed"] = whole(settings["data_seed"], "data_seed, where it is not None,", 0, 2**32 - 1)
    return Task(
        name=constructor.__name__,
        module=module,
        classes=n_classes,
        reference_width=reference_width,
        settings=tuple(sorted(settings.items())),
        objective=objective,
    )


def moons(*, samples: int = 1000, noise_std: float = 0.1, data_seed: int | None = None) -> Task:
    """Two interleaving half circles of radius 1 with Gaussian noise (scikit-learn's make_moons).

    samples counts training points; validation is as many fresh draws, test 5000. data_seed=k gives every run
    scikit-learn's training set of random_state=k; None draws fresh data for every seed.
    """
    noise_std = not_negative(noise_std, "noise_std")
    return _task(moons, "plane", 2, 16, samples=samples, noise_std=noise_std, data_seed=data_seed)


def circles(*, samples: int = 1000, noise_std: float = 0.1, factor: float = 0.5, data_seed: int | None = None) -> Task:
    """Two concentric circles of radius 1 and `factor` with Gaussian noise (scikit-learn's make_circles)."""
    factor = positive(factor, "factor")
    if factor >= 1:
        raise InvalidStudy(f"factor must be below 1, the radius of the outer circle, got {factor}")
    noise_std = not_negative(noise_std, "noise_std")
    return _task(circles, "plane", 2, 32, samples=samples, noise_std=noise_std, factor=factor, data_seed=data_seed)


def checkerboard(*, samples: int = 1000, cells: int = 4, noise_std: float = 0.0, data_seed: int | None = None) -> Task:
    """cells x cells squares of alternating class on [-1, 1]^2, uniform points with Gaussian noise added afterwards."""
    cells = whole(cells, "cells", 2)
    noise_std = not_negative(noise_std, "noise_std")
    return _task(checkerboard, "plane", 2, None, samples=samples, cells=cells, noise_std=noise_std, data_seed=data_seed)


def spirals(
    *,
    samples: int = 1000,
    classes: int = 2,
    turns: float = 1.5,
    noise_std: float = 0.02,
    data_seed: int | None = None,
) -> Task:
    """`classes` Archimedean spirals from the centre to radius 1 in so many turns, one class each, Gaussian noise."""
    classes = whole(classes, "classes", 2)
    turns, noise_std = positive(turns, "turns"), not_negative(noise_std, "noise_std")
    return _task(
        spirals,
        "plane",
        classes,
        None,
        samples=samples,
        classes=classes,
        turns=turns,
        noise_std=noise_std,
        data_seed=data_seed,
    )


def border(*, samples: int = 1000, tiles: int = 32, window: str = "town", data_seed: int | None = None) -> Task:
    """The real Belgian-Dutch border of Baarle: class 1 is Belgian, in a window of it mapped to [-1, 1]^2.

    window: a name in windows.WINDOWS: the "town" (3.2 x 3.2 km), its "centre", the "region", the "frontier" south of it
    or a "straight" piece of that.
    The window is cut in tiles x tiles squares, each of which belongs to training, validation or test (60, 20, 20 %) by
    the seed: points near a training point are never held out. 32 makes tiles of 100 m in the town, smaller than most
    exclaves, so that what is held out can be known from its surroundings. samples counts training points; validation is
    as many, test 5000, uniform within their tiles.
    """
    tiles = whole(tiles, "tiles, of which every split has some,", 3)
    window = one_of(window, "window on the border", WINDOWS)
    width = 64 if window == "town" else None
    return _task(border, "baarle", 2, width, samples=samples, tiles=tiles, window=window, data_seed=data_seed)


def surface(*, samples: int = 1000, noise_std: float = 0.1, data_seed: int | None = None) -> Task:
    """A smooth surface over [-1, 1]^2, sin(pi x) cos(pi y), uniform points with Gaussian noise: regression.

    Its variance is 1/4, which is what the best constant's mean squared error comes to without noise.
    """
    noise_std = not_negative(noise_std, "noise_std")
    given = {"samples": samples, "noise_std": noise_std, "data_seed": data_seed}
    return _task(surface, "smooth", None, None, REGRESSION, **given)
