"""Tasks, declared: constructors that load nothing heavy; the files beside this one draw the data.

A task of your own is any object with `draw(split, seed) -> x, y`, arrays whose first axis is samples (split "train",
"validation" or "test"). x: floating-point numbers, uint8 (fractions of 255) or int64 (tokens, if the task has a
`vocabulary`), of any shape, which the task says as `shape` or, for a row of numbers, as `features`: pictures (height,
width), or (channels, height, width) as torch has them; sequences (positions, numbers), of tokens (positions,). y:
labels 0 … `classes` - 1, or what another `objective` (see spectra_tune.objectives) learns. `reference_width` (or None)
is for capacity ratios; `fixed` says that every seed has the same data, `one_split` that every seed has the same test
data, an official split. Make it a frozen dataclass, and draw from generators of your own seeding. With
`true_labels(points) -> labels`, the best that any classifier can do, the complexity of its boundary can be measured
(see geometry/complexity.py).

A task with a `graph` (see graphs.py) is about its nodes: x (samples, 1) int64 are their numbers, and `vocabulary` says
how many there are. Features of all nodes and edges are known in training, labels only those drawn: a network takes both
from the graph when it is built, computes all nodes, and gives the outputs of those asked for.

A curriculum has `phases`, how many, and `phase(number)`, the task of each (see curricula.py).
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from spectra_tune.errors import InvalidStudy, not_negative, one_of, positive, whole
from spectra_tune.objectives import CLASSIFICATION, NEXT_TOKEN, REGRESSION, SPLITS
from spectra_tune.tasks.curricula import drifting, permuted, split, transfer
from spectra_tune.tasks.own_arrays import arrays
from spectra_tune.tasks.own_images import images
from spectra_tune.tasks.own_table import table
from spectra_tune.tasks.real import digits, elections, fashion_mnist, letters, pride_and_prejudice, satellite
from spectra_tune.tasks.task import Task, declared, is_one_split, shape_of
from spectra_tune.tasks.windows import WINDOWS
from spectra_tune.tasks.wrapped import as_sequence, noisy_labels

__all__ = [
    "SPLITS",
    "Task",
    "adding",
    "arrays",
    "as_sequence",
    "border",
    "checkerboard",
    "circles",
    "copy_memory",
    "digits",
    "drifting",
    "elections",
    "fashion_mnist",
    "images",
    "is_one_split",
    "letters",
    "moons",
    "noisy_labels",
    "permuted",
    "pride_and_prejudice",
    "satellite",
    "shape_of",
    "spirals",
    "split",
    "surface",
    "table",
    "transfer",
]


def _task(
    constructor: Callable,
    module: str,
    n_classes: int | None,
    reference_width: int | None,
    objective: str = CLASSIFICATION,
    fields: Mapping[str, Any] = MappingProxyType({}),
    **settings: Any,
) -> Task:
    if settings["data_seed"] is not None:
        settings["data_seed"] = whole(settings["data_seed"], "data_seed, where it is not None,", 0, 2**32 - 1)
    sizes: dict[str, Any] = {"classes": n_classes, "reference_width": reference_width, "objective": objective}
    return declared(constructor, module, settings, **sizes, **fields)


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


def adding(*, length: int = 100, samples: int = 1000, data_seed: int | None = None) -> Task:
    """The adding problem: the sum of the two marked ones of `length` numbers; regression.

    x (samples, length, 2): numbers uniform in 0 … 1, and two marks, one in each half. The best constant's mean squared
    error is 1/6. samples counts training sequences; validation is as many, test 5000.
    """
    length = whole(length, "length", 2)
    sizes = {"shape": (length, 2), "features": 2 * length}
    given = {"length": length, "samples": samples, "data_seed": data_seed}
    return _task(adding, "sequences", None, None, REGRESSION, sizes, **given)


def copy_memory(*, length: int = 50, samples: int = 1000, data_seed: int | None = None) -> Task:
    """The copy task: ten of eight symbols must be said again after `length` blanks; next token.

    x (samples, length + 20) int64 of 10 tokens; only the copy is scored: the best constant comes to log 8 = 2.079 nats
    a token. samples counts training sequences; validation is as many, test 5000.
    """
    length = whole(length, "length", 1)
    sizes = {"shape": (length + 20,), "features": length + 20, "vocabulary": 10}
    given = {"length": length, "samples": samples, "data_seed": data_seed}
    return _task(copy_memory, "sequences", None, None, NEXT_TOKEN, sizes, **given)
