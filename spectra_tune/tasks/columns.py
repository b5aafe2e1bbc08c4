"""A table's columns as numbers: categories one-hot, numbers scaled by the training rows only."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy
import pandas
from numpy import ndarray
from pandas.api.types import is_bool_dtype, is_float_dtype, is_numeric_dtype
from sklearn.preprocessing import StandardScaler

from spectra_tune.errors import InvalidStudy, nearest
from spectra_tune.objectives import CLASSIFICATION, REGRESSION
from spectra_tune.own_code import said
from spectra_tune.tasks.source import Source
from spectra_tune.tasks.splits import rows_of

READERS = {".csv": pandas.read_csv, ".parquet": pandas.read_parquet}

EXPECTED = 15
"""Training rows that a category must expect: then one seed in three million has none."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Columns:
    """What is learnt and from what, a row each: x (rows, numbers), y (rows,) labels or numbers."""

    where: str  # the file, for errors
    names: tuple[str, ...]  # of columns
    objective: str
    classes: int | None
    x: ndarray
    y: ndarray
    categories: dict[int, tuple[str, str]]  # of the numbers of x that are 0 or 1: column and category

    @property
    def rows(self) -> int:
        return len(self.y)

    @property
    def width(self) -> int:
        return self.x.shape[1]

    def check_categories(self, samples: int) -> None:
        """Refuses categories so rare that held-out rows may have one that no training row has."""
        least = math.ceil(EXPECTED * self.rows / samples)
        for number, (column, category) in self.categories.items():
            count = int(self.x[:, number].sum())
            if count < least:
                raise InvalidStudy(
                    f"each category must have {least} rows or more of {self.where}, so that those who train see it, "
                    f"{category!r} of column {column!r} has {count}: join it with another, or leave the column out of "
                    "features"
                )

    def drawn(self, split: str, seed: int, samples: int) -> tuple[ndarray, ndarray]:
        """x and y of a split, scaled by the seed's training rows."""
        train, rows = (rows_of(which, seed, self.rows, samples) for which in ("train", split))
        x = self.x[rows]
        for number, (column, category) in self.categories.items():
            if x[:, number].any() and not self.x[train, number].any():
                raise InvalidStudy(
                    f"training must see every category, {category!r} of column {column!r} of {self.where} is only in "
                    f"held-out rows of seed {seed}: take another seed, or join it with another category"
                )
        numbers = [number for number in range(self.width) if number not in self.categories]
        if numbers:
            x[:, numbers] = _scaled(self.x[train][:, numbers], x[:, numbers])
        y = self.y[rows]
        if self.objective == REGRESSION:
            y = _scaled(self.y[train][:, None], y[:, None])[:, 0]
        return x, y


def _scaled(train: ndarray, values: ndarray) -> ndarray:
    """Values (rows, numbers) less the training rows' means, over their standard deviations where these are not 0."""
    return numpy.asarray(StandardScaler().fit(train).transform(values))


@cache
def columns_of(file: Source, target: str, features: Sequence[str] | None, objective: str | None) -> Columns:
    """Of a file that is still what it was; refuses what is no number and no category, or is missing."""
    file.check([file.place])
    where, frame = file.place.name, _read(file.place)
    features = _named(frame, where, target, features)
    for name in (*features, target):
        _check_values(frame[name], where)
    kind = _objective(frame[target], objective, where)
    parts, categories = [], {}
    for name in features:
        width = sum(part.shape[1] for part in parts)
        if _is_category(frame[name]):
            levels, codes = _levels(frame[name])
            parts.append(numpy.eye(len(levels))[codes])
            categories |= {width + number: (name, level) for number, level in enumerate(levels)}
        else:
            parts.append(frame[name].to_numpy(dtype=numpy.float64)[:, None])
    classes, y = None, None
    if kind == CLASSIFICATION:
        levels, y = _levels(frame[target])
        classes = len(levels)
    elif not _is_category(frame[target]):
        y = frame[target].to_numpy(dtype=numpy.float64)
    if y is None:
        raise InvalidStudy(f"a regression's target must be numbers, {target!r} of {where} is {frame[target].dtype}")
    return Columns(
        where=where,
        names=features,
        objective=kind,
        classes=classes,
        x=numpy.concatenate(parts, axis=1),
        y=y,
        categories=categories,
    )


def _read(file: Path) -> pandas.DataFrame:
    reader = READERS.get(file.suffix)
    if reader is None:
        raise InvalidStudy(f"a table must be a file {' or '.join(READERS)}, got {file}")
    try:
        return reader(file)
    except Exception as error:  # whatever a reader makes of a file that is none of its kind
        raise InvalidStudy(f"{file} must be a table in {file.suffix[1:]}, reading it gave {said(error)}") from error


def _named(frame: pandas.DataFrame, where: str, target: str, features: Sequence[str] | None) -> tuple[str, ...]:
    """The columns to learn from, as named or all but the target."""
    known = [str(name) for name in frame.columns]
    for name in (target, *(features or ())):
        if name not in known:
            raise InvalidStudy(f"{where} has no column {name!r}; {nearest(name, known)}")
    if features is None:
        features = [name for name in known if name != target]
    twice = [name for name in features if list(features).count(name) > 1]
    if twice or target in features or not features:
        wrong = f"{twice[0]!r} twice" if twice else "the target" if target in features else "none"
        raise InvalidStudy(f"features of {where} must be columns other than the target, each once, got {wrong}")
    return tuple(features)


def _is_category(column: pandas.Series) -> bool:
    return is_bool_dtype(column) or not is_numeric_dtype(column)


def _check_values(column: pandas.Series, where: str) -> None:
    missing = column.isna().to_numpy()
    if missing.any():
        raise InvalidStudy(
            f"{where} must have no missing values, column {column.name!r} has {missing.sum()}, the first in row "
            f"{missing.argmax() + 1}: fill them, leave the rows out, or the column out of features"
        )
    if pandas.api.types.is_datetime64_any_dtype(column) or pandas.api.types.is_timedelta64_dtype(column):
        raise InvalidStudy(f"columns must be numbers or categories, {column.name!r} of {where} is {column.dtype}")
    infinite = is_float_dtype(column) and ~numpy.isfinite(column.to_numpy(dtype=numpy.float64))
    if numpy.any(infinite):
        raise InvalidStudy(
            f"{where} must have finite numbers, column {column.name!r} has none in row {numpy.argmax(infinite) + 1}"
        )
    if column.nunique() < 2:
        raise InvalidStudy(f"columns must have two values or more, {column.name!r} of {where} has one: leave it out")


def _objective(target: pandas.Series, objective: str | None, where: str) -> str:
    if objective is not None:
        return objective
    if _is_category(target):
        return CLASSIFICATION
    if is_float_dtype(target):
        return REGRESSION
    raise InvalidStudy(
        f"the target {target.name!r} of {where} has whole numbers: say objective={CLASSIFICATION!r} or "
        f"objective={REGRESSION!r}"
    )


def _levels(column: pandas.Series) -> tuple[list[str], Any]:
    """Values of a column in their order, as text, and each row's (rows,) int64."""
    values, codes = numpy.unique(column.to_numpy(dtype=None if is_numeric_dtype(column) else str), return_inverse=True)
    return [str(value) for value in values], codes.astype(numpy.int64)
