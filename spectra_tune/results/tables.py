"""The tables of a study: runs (a row per run), curves and what pictures need."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import pandas

from spectra_tune.results.columns import CONDITION, COST, DRAWS, IDENTITY, TREATMENT, column

FIGURE_COLUMNS = ("signature", "figure", "x", "y", "value")
"""figure "boundary": the probability of class 1 (of more than two classes the most probable one) at the point (x, y);
"data": the class of the point (x, y); "spectrum": the singular value in place y, from 1, of layer x."""

CURVE_COLUMNS = ("signature", "epoch", "metric", "value")


def run_table(records: list[dict[str, Any]]) -> pandas.DataFrame:
    """The run table of these rows: identity, Treatment, protocol, draws and then what was measured."""
    runs = pandas.DataFrame.from_records(records)
    first = [name for name in (*IDENTITY, *TREATMENT, *CONDITION, *DRAWS) if name in runs.columns]
    return runs[first + [name for name in runs.columns if name not in first]]


def curve_table(columns: Mapping[str, Any]) -> pandas.DataFrame:
    """The curve table of these columns."""
    return pandas.DataFrame({name: columns.get(name, []) for name in CURVE_COLUMNS})


def figure_table(columns: Mapping[str, Any]) -> pandas.DataFrame:
    """The figure table of these columns; numbers are single precision."""
    table = pandas.DataFrame({name: columns.get(name, []) for name in FIGURE_COLUMNS})
    return table.astype(dict.fromkeys(("x", "y", "value"), "float32"))


class Tables(NamedTuple):
    """All that a study's blocks give."""

    runs: pandas.DataFrame
    curves: pandas.DataFrame
    figures: pandas.DataFrame


def joined(tables: Iterable[Tables]) -> Tables:
    """The tables of several blocks, one below the other; empty ones where there is no block."""
    listed = list(tables)
    if not listed:
        return Tables(pandas.DataFrame(), curve_table({}), figure_table({}))
    filled = ([part for part in parts if len(part)] or parts[:1] for parts in zip(*listed, strict=True))
    return Tables(*(pandas.concat(parts, ignore_index=True) for parts in filled))  # an empty one has other types


def with_costs(runs: pandas.DataFrame, costs: Mapping[str, Mapping[str, float]]) -> pandas.DataFrame:
    """The table with the cost columns of each arm, by its name."""
    return runs.assign(**{name: [costs[arm][name] for arm in runs["arm"]] for name in COST})


def unmeasured(runs: pandas.DataFrame) -> pandas.DataFrame:
    """The table without the columns that two equal runs may differ in."""
    return runs.drop(columns=[name for name in runs.columns if (of := column(name)) is not None and of.measured])
