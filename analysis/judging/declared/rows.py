"""The runs of a table from elsewhere: arm, seed, Condition and value of each, every cell checked."""

import math
from typing import Any

import numpy
import pandas

from analysis.judging.declared.declaration import Declaration
from spectra_tune.design import InvalidStudy, nearest

ARM, SEED, CONDITION, NUMBER = "arm", "seed", "condition", "number"
"""Of the table of runs: CONDITION is a tuple of text, NUMBER what the metric's cell says."""

Seed = int | str

FLOATS: tuple[type[Any], ...] = (float, numpy.floating)


def rows_of(table: pandas.DataFrame, declared: Declaration) -> tuple[pandas.DataFrame, tuple[str, ...], int]:
    """A row per run of the declared arms, indexed by its place in the table; the other arms; how many rows are no run.

    A row that has neither arm nor seed nor metric is none, such as the parent of nested MLflow runs. Every other empty
    cell, and every value that is no finite number, is refused.
    """
    names = {ARM: declared.arm, SEED: declared.seed, NUMBER: declared.metric}
    for column in (*names.values(), *declared.conditions):
        _check_column(table, column)
    here = table[[*names.values(), *declared.conditions]].map(_or_none)
    none = here[list(names.values())].isna().all(axis=1)
    here = here[~none]
    arms = pandas.Series([text(here.at[place, declared.arm], declared.arm, place) for place in here.index], here.index)
    there = sorted(set(arms))
    chosen = _chosen(there, declared)
    here, arms = here[arms.isin(chosen)], arms[arms.isin(chosen)]
    runs = pandas.DataFrame(
        {
            ARM: arms,
            SEED: _seeds([text(cell, declared.seed, place) for place, cell in here[declared.seed].items()]),
            CONDITION: [
                tuple(text(here.at[place, column], column, place) for column in declared.conditions)
                for place in here.index
            ],
        },
        index=here.index,
    )
    runs[NUMBER] = [
        number(cell, f"{declared.metric} of {arm}, {declared.seed} {seed} ({place})")
        for (place, cell), arm, seed in zip(here[declared.metric].items(), runs[ARM], runs[SEED], strict=True)
    ]
    return runs, tuple(arm for arm in there if arm not in chosen), int(none.sum())


def _check_column(table: pandas.DataFrame, column: str) -> None:
    count = list(table.columns).count(column)
    if count == 0:
        raise InvalidStudy(f"the table has no column {column!r}; {nearest(column, map(str, table.columns))}")
    if count > 1:
        raise InvalidStudy(f"the table has {count} columns {column!r}: rename all but one")


def _chosen(there: list[str], declared: Declaration) -> list[str]:
    """The declared arms, all of which are in the table; of treatments that were not named every other arm."""
    for arm in (declared.baseline, *declared.treatments):
        if arm not in there:
            raise InvalidStudy(f"the column {declared.arm!r} has no arm {arm!r}; {nearest(arm, there)}")
    chosen = [declared.baseline, *declared.treatments] if declared.treatments else there
    if len(chosen) < 2:
        raise InvalidStudy(f"a comparison needs two arms, the column {declared.arm!r} has {there[0]!r} alone")
    return chosen


def _or_none(cell: Any) -> Any:
    return None if _is_empty(cell) else cell


def _is_empty(cell: Any) -> bool:
    if isinstance(cell, str):
        return not cell.strip()
    return cell is None or cell is pandas.NA or cell is pandas.NaT or (isinstance(cell, FLOATS) and math.isnan(cell))


def text(cell: Any, column: str, place: Any) -> str:
    """A cell as text; an empty one is refused."""
    if _is_empty(cell):
        raise InvalidStudy(f"every run needs its {column}, {place} has none")
    return str(cell)


def number(cell: Any, what: str) -> float:
    """A cell as a finite number."""
    failed = "without the score of a constant predictor no failed run can be counted: give it the number it counts as"
    if _is_empty(cell):
        raise InvalidStudy(f"{what} is missing; {failed}")
    try:
        if isinstance(cell, bool | numpy.bool_) or (isinstance(cell, str) and "_" in cell):
            raise ValueError
        found = float(cell)
    except (TypeError, ValueError):
        raise InvalidStudy(f"{what} must be a number such as 0.93, got {cell!r}") from None
    if not math.isfinite(found):
        raise InvalidStudy(f"{what} is {found:g}; {failed}")
    return found


def seed_of(cell: str) -> Seed:
    """A seed: a whole number, however it is written, else text."""
    try:
        value = float(cell)
    except ValueError:
        return cell
    return int(value) if value.is_integer() and "_" not in cell else cell


def _seeds(cells: list[str]) -> list[Seed]:
    """Whole numbers where all are; else text, which sorts."""
    seeds = [seed_of(cell) for cell in cells]
    return seeds if all(isinstance(seed, int) for seed in seeds) else [str(seed) for seed in seeds]
