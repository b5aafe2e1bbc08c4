"""Predictions of what was left out, whole groups at a time, and whether they beat the guess that there is nothing."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy
import pandas
from numpy import ndarray

from analysis.statistics.estimate import Estimate
from analysis.statistics.significance import paired_t, sign_flip

if TYPE_CHECKING:
    from sklearn.ensemble import RandomForestRegressor  # pyright: ignore[reportMissingTypeStubs]

TREES, FEWEST_IN_LEAF, SHARE_OF_FEATURES = 200, 40, 0.3
"""Chosen in a pilot on other seeds."""


def forest() -> "RandomForestRegressor":
    """A regression forest (Breiman 2001) whose draws are its own and always the same."""
    # Loads a second, which only predictions need.
    from sklearn.ensemble import RandomForestRegressor  # pyright: ignore[reportMissingTypeStubs]

    return RandomForestRegressor(
        n_estimators=TREES, min_samples_leaf=FEWEST_IN_LEAF, max_features=SHARE_OF_FEATURES, random_state=0
    )


def numbers(table: pandas.DataFrame) -> pandas.DataFrame:
    """Columns that a forest takes: numbers as they are, NaN where a row has none; of words one column each."""
    words = [name for name in table if not pandas.api.types.is_numeric_dtype(table[name])]
    return pandas.get_dummies(table, columns=words, dtype=float).astype(float)


def predict_left_out(x: pandas.DataFrame, y: Sequence[float] | ndarray, groups: Sequence[Any]) -> ndarray:
    """Each row's prediction by a forest that saw no row of its group (two groups at least)."""
    from sklearn import model_selection  # pyright: ignore[reportMissingTypeStubs]

    untyped = cast("Any", model_selection)
    parts = untyped.LeaveOneGroupOut()
    told = untyped.cross_val_predict(forest(), x.to_numpy(), numpy.asarray(y), groups=list(groups), cv=parts)
    return numpy.asarray(told, dtype=float)


def better_than_nothing(y: ndarray, predicted: ndarray, groups: Sequence[Any]) -> Estimate:
    """By how much the squared error of 0 exceeds that of the predictions, a group being one observation.

    Above 0 the predictions are better. Interval: t over groups; p: exact sign flip. Groups' forests share training
    rows, so both are approximate.
    """
    saved = pandas.Series(y**2 - (y - predicted) ** 2).groupby(pandas.Series(list(groups))).mean().to_numpy()
    t, flip = paired_t(saved), sign_flip(saved)
    return Estimate(
        estimate=t.estimate, low=t.low, high=t.high, p=flip.p, n=len(saved), method="left-out groups, sign flip"
    )


def half_width(y: ndarray, predicted: ndarray, level: float = 0.95) -> float:
    """Half of an interval around a new prediction: the quantile of the left-out errors (conformal; Vovk et al. 2005).

    It holds for a condition of a group like those that were left out, drawn as they were; infinite where there are too
    few errors for the level.
    """
    errors = numpy.sort(numpy.abs(y - predicted))
    place = int(numpy.ceil(level * (len(errors) + 1))) - 1
    return float(errors[place]) if place < len(errors) else math.inf
