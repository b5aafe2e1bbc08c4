"""How hard a task's own boundary is, independent of any network: its geometry, and what plain learners make of it.

The geometry is that of Bayes' decision, over the bounding box of training data: where there are none, no boundary is
counted. The errors come from draws that no run sees.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy
from numpy import ndarray
from scipy.spatial import KDTree
from sklearn.ensemble import RandomForestClassifier

from spectra_tune.geometry.boxes import boundary_length, box_dimension, labels_on_grid
from spectra_tune.objectives import CLASSIFICATION, objective_of
from spectra_tune.randomness import derived_seed

DRAWS = 4
"""Training and test sets that errors are means over; a task whose data are fixed has one."""

TREES = 100

COARSE_CELLS = 256
"""Of the grid that shows where a true boundary is: on 128 some of the border's smallest pieces are missed."""

_NO_TRUTH = "the task does not know its true boundary: give it true_labels(points)"

_GEOMETRY = ("dimension", "dimension_se", "scale_smallest", "scale_largest", "length")
_ERRORS = ("bayes_error", "neighbour_error", "reference_error")


def complexity(task: Any) -> "Complexity":
    """The complexity of a task, equal on every call; 1 to 2 s on one core, of which the forest takes half.

    A task needs draw(split, seed) and classes; its boundary also true_labels(points) and two features.
    """
    objective = objective_of(task).name
    if objective != CLASSIFICATION:
        why = f"complexity is that of a boundary between classes, and {objective} has none"
        reasons: dict[str, str] = dict.fromkeys((*_GEOMETRY, *_ERRORS, "spread"), why)
        return Complexity(**dict.fromkeys(reasons), reasons=reasons)
    draws = [drawn(task, draw) for draw in range(1 if getattr(task, "fixed", False) else DRAWS)]
    x_train = numpy.concatenate([draw.x_train for draw in draws])
    spread = float(numpy.sqrt(x_train.var(axis=0).mean()))
    found, reasons = _boundary(task, x_train.min(axis=0), x_train.max(axis=0), spread)
    bayes_error = None
    truth = getattr(task, "true_labels", None)
    if truth is not None:
        bayes_error = _mean([_share(truth(draw.x_test) != draw.y_test) for draw in draws])
    else:
        reasons["bayes_error"] = _NO_TRUTH
    return Complexity(
        **found,
        spread=spread,
        bayes_error=bayes_error,
        neighbour_error=_mean([neighbour_error(draw) for draw in draws]),
        reference_error=_mean([reference_error(draw) for draw in draws]),
        reasons=reasons,
    )


def _boundary(
    task: Any, low_F: ndarray, high_F: ndarray, spread: float
) -> tuple[dict[str, float | None], dict[str, str]]:
    """Fields about the true boundary, and reasons for those that are None."""
    reason = None
    if len(low_F) != 2:
        reason = f"a boundary is measured in the plane of two features, the task has {len(low_F)}"
    elif getattr(task, "true_labels", None) is None:
        reason = _NO_TRUTH
    if reason is not None:
        return dict.fromkeys(_GEOMETRY), dict.fromkeys(_GEOMETRY, reason)
    label_YX = labels_on_grid(task.true_labels, low_F, high_F, COARSE_CELLS)
    boxes = box_dimension(label_YX, low_F, high_F)
    length = boundary_length(label_YX, low_F, high_F)
    found = {
        "dimension": boxes.dimension,
        "dimension_se": boxes.standard_error,
        "scale_smallest": None if boxes.smallest is None else boxes.smallest / spread,
        "scale_largest": None if boxes.largest is None else boxes.largest / spread,
        "length": length / spread if length > 0 else None,
    }
    return found, {field: str(boxes.reason) for field, value in found.items() if value is None}


def drawn(task: Any, number: int) -> "Draw":
    """The task's data for a seed that is derived from the draw's number and none of a run's."""
    seed = derived_seed(number, "complexity")
    x_train, y_train = map(numpy.asarray, task.draw("train", seed))
    x_test, y_test = map(numpy.asarray, task.draw("test", seed))
    flat_train, flat_test = (x.reshape(len(x), -1) for x in (x_train, x_test))
    return Draw(number=number, x_train=flat_train, y_train=y_train, x_test=flat_test, y_test=y_test)


def neighbour_error(draw: "Draw") -> float:
    """Share of test points whose class is not that of the nearest training point (Euclidean, features as they are)."""
    _, nearest = KDTree(draw.x_train).query(draw.x_test)
    return _share(draw.y_train[nearest] != draw.y_test)


def reference_error(draw: "Draw") -> float:
    """Share of test points that a random forest of 100 trees, scikit-learn's defaults otherwise, gets wrong."""
    random_state = derived_seed(draw.number, "complexity", "forest")
    forest = RandomForestClassifier(n_estimators=TREES, random_state=random_state, n_jobs=1)
    return _share(forest.fit(draw.x_train, draw.y_train).predict(draw.x_test) != draw.y_test)


def _share(wrong: ndarray) -> float:
    return float(numpy.mean(wrong))


def _mean(values: list[float]) -> float:
    return float(numpy.mean(values))


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw:
    """A training and a test set: x (samples, features), y (samples,)."""

    number: int
    x_train: ndarray
    y_train: ndarray
    x_test: ndarray
    y_test: ndarray


@dataclass(frozen=True, slots=True, kw_only=True)
class Complexity:
    """A task's complexity; what could not be computed is None and has its reason in `reasons`, by field.

    dimension: effective box-counting dimension of the true boundary, dimension_se its standard error, over boxes with
    sides from scale_smallest to scale_largest. length: of the true boundary, and both scales: in units of `spread`.
    spread: the data's standard deviation, pooled over features, in their own units. bayes_error: of the true labels,
    which no classifier beats. neighbour_error: of the nearest training point's label. reference_error: of a random
    forest, which needs no length scale to be chosen and no tuning; its cuts are along the axes, which helps it with
    checkerboards. All errors are fractions of test points, means over DRAWS draws.
    """

    dimension: float | None
    dimension_se: float | None
    scale_smallest: float | None
    scale_largest: float | None
    length: float | None
    spread: float | None
    bayes_error: float | None
    neighbour_error: float | None
    reference_error: float | None
    reasons: Mapping[str, str]
