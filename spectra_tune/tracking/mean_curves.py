"""Mean curves over the seeds of an arm, as a child shows them."""

import math

import pandas

from spectra_tune.tracking.children import Child
from spectra_tune.tracking.points import Point

CURVE = "per_epoch/"
"""Before the name of a mean curve: its last point leaves diverged seeds out, the final value counts them."""

DIVERGED = f"{CURVE}diverged_seeds"


def look_at(client, child: Child) -> None:
    """Reads what an adopted child has logged and has MLflow show it as running again.

    At the first need only: a study of thousands of arms should start in seconds.
    """
    if child.adopted:
        client.update_run(child.run_id, status="RUNNING")
        histories = [client.get_metric_history(child.run_id, name) for name in (f"{CURVE}{child.marker}", DIVERGED)]
        child.logged = {point.step for history in histories for point in history}
        child.adopted, child.running = False, True


def finite(curves: pandas.DataFrame) -> pandas.DataFrame:
    """Each value of the curve table once, NaN where it is infinite."""
    rows = curves.drop_duplicates(["signature", "epoch", "metric"])
    return rows.assign(value=rows["value"].where(rows["value"].abs() < math.inf))


def of_some_seeds(rows: pandas.DataFrame, child: Child) -> pandas.DataFrame:
    """Rows of the epochs that some of a child's seeds have told of, and others, which train elsewhere, not yet."""
    new = rows[~rows["epoch"].isin(child.logged)]
    seeds = new[new["metric"] == child.marker].groupby("epoch").size()
    return new[new["epoch"].isin(seeds.index[seeds < child.seeds])]


def mean_points(rows: pandas.DataFrame, child: Child, first: str) -> dict[int, list[Point]]:
    """Points by epoch, of the epochs that a child has not logged and of which rows of all its seeds are here.

    Diverged seeds are not in a mean; how many there are is a point of its own. first: the metric that is written first.
    """
    new = rows[~rows["epoch"].isin(child.logged)]
    seeds = new[new["metric"] == child.marker].groupby("epoch").size()
    whole = new[new["epoch"].isin(seeds.index[seeds == child.seeds])]
    if whole.empty:
        return {}
    means = whole.groupby(["epoch", "metric"])["value"].agg(["mean", "size", "count"]).reset_index()
    means = means.sort_values("metric", key=lambda names: names != first, kind="stable")
    epochs: dict[int, list[Point]] = {}
    for epoch, metric, mean, size, count in means.itertuples(index=False):
        points = epochs.setdefault(int(epoch), [])
        if count:
            points.append((f"{CURVE}{metric}", float(mean), int(epoch)))
        if metric == child.marker and count < size:
            points.append((DIVERGED, float(size - count), int(epoch)))
    return epochs
