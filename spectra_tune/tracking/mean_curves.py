"""Mean curves over the seeds of an arm, as a child shows them."""

import math
from collections.abc import Sequence

import pandas

from spectra_tune.tracking.children import Child
from spectra_tune.tracking.entries import Point

CURVE = "per_epoch/"
"""Before the name of a mean curve: its last point leaves diverged seeds out, the final value counts them."""

DIVERGED = f"{CURVE}diverged_seeds"


def finite(curves: pandas.DataFrame) -> pandas.DataFrame:
    """Each value of the curve table once, NaN where it is infinite."""
    rows = curves.drop_duplicates(["signature", "epoch", "metric"])
    return rows.assign(value=rows["value"].where(rows["value"].abs() < math.inf))


def split(
    rows: pandas.DataFrame, children: Sequence[Child], first: str
) -> tuple[dict[int, dict[int, list[Point]]], pandas.DataFrame]:
    """(points, waiting) of rows whose column `child` is a place in `children`.

    points: of each child by epoch, of the epochs that it has not logged and of which rows of all its seeds are here.
    Diverged seeds are not in a mean; how many there are is a point of its own. first: the metric that is written first.
    waiting: rows of the epochs that some of a child's seeds have told of, and others, which train elsewhere, not yet.
    """
    new = rows[~_logged(rows, children)]
    markers = pandas.Series([child.marker for child in children], dtype=object)
    marking = new[new["metric"] == new["child"].map(markers)]
    told = marking.groupby(["child", "epoch"]).size().rename("told").reset_index()
    told["seeds"] = told["child"].map(pandas.Series([child.seeds for child in children]))
    beside = new.merge(told, on=["child", "epoch"], how="left")
    waiting = beside.loc[beside["told"] < beside["seeds"], new.columns]
    whole = beside[beside["told"] == beside["seeds"]]
    means = whole.groupby(["child", "epoch", "metric"])["value"].agg(["mean", "size", "count"]).reset_index()
    means["other"] = means["metric"] != first
    means = means.sort_values(["child", "epoch", "other"], kind="stable").drop(columns="other")
    points: dict[int, dict[int, list[Point]]] = {}
    for at, epoch, metric, mean, size, count in means.itertuples(index=False):
        of_epoch = points.setdefault(int(at), {}).setdefault(int(epoch), [])
        if count:
            of_epoch.append((f"{CURVE}{metric}", float(mean), int(epoch)))
        if metric == children[at].marker and count < size:
            of_epoch.append((DIVERGED, float(size - count), int(epoch)))
    return points, waiting


def _logged(rows: pandas.DataFrame, children: Sequence[Child]) -> pandas.Series:
    """Which rows are of an epoch that their child has logged."""
    logged = [(at, epoch) for at, child in enumerate(children) for epoch in child.logged]
    if not logged:
        return pandas.Series(False, index=rows.index)
    there = pandas.MultiIndex.from_frame(rows[["child", "epoch"]]).isin(logged)
    return pandas.Series(there, index=rows.index)
