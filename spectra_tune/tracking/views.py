"""What MLflow's own pages show of a study: its columns, its overview curves, its tables."""

import json
import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import TypeVar

import pandas

from spectra_tune.tracking.keys import keys_of

K = TypeVar("K", bound=Hashable)

ARMS_VIEW = "arms"
"""Key of the shared view (what the UI's own Share button makes) that lists the arms with their numbers."""

CHARTS_VIEW = "charts"
"""Key of the shared view whose charts have a line for each arm, its mean over Conditions."""

SHARED = "mlflow.sharedViewState."
"""Before the key in the name of an experiment's tag: MLflow's own, and no public interface of it. Where it is another,
links with these keys open the plain page."""

TRAINING = "workflowType=machine_learning"
"""Part of a link that opens MLflow's pages for training; without it a fresh browser shows those for language models."""

LONGEST_VIEW = 20_000
"""Characters that MLflow keeps of an experiment's tag."""

SETTINGS = (
    *("arm", "task", "kind", "width", "penalty", "sigma_start", "sigma_end", "strength", "beta"),
    *("epochs", "learning_rate", "seeds"),
)
"""Parameters that the view lists."""

LONGEST_VERDICT = 30
"""Letters of the longest name of a verdict."""

PERCENTS = range(0, 101, 5)
"""Where overview curves have their points: arms and Conditions may differ in their epochs."""


def arms_view(kind_tag: str, outcome: str, metrics: Sequence[str], tags: Iterable[str]) -> dict[str, str]:
    """The experiment tag of the view: a row per arm, by run name.

    Columns: each verdict with its gain, the outcome, what a treatment costs, spectral norms, then settings. Of many
    baselines as many as MLflow can keep, none first; the UI's own list of columns has them all.
    """
    known = set(metrics)

    def with_bounds(metric: str) -> list[str]:
        return [f"metrics.`{metric}{end}`" for end in ("", "_low", "_high", "_p_adjusted") if f"{metric}{end}" in known]

    over = [tag for tag in tags if tag.startswith("verdict over ")]
    over.sort(key=lambda tag: tag != "verdict over none")  # the baseline of every study comes first
    verdicts = [[f"tags.`{tag}`", *with_bounds(f"gain_over_{tag.removeprefix('verdict over ')}")] for tag in over]
    others = with_bounds(outcome)
    others += [f"metrics.`{name}`" for name in metrics if name.startswith(("time_over_", "sigma_")) and _plain(name)]
    others += [f"params.`{name}`" for name in SETTINGS]
    for shown in range(len(verdicts), -1, -1):
        columns = [*(column for of_baseline in verdicts[:shown] for column in of_baseline), *others]
        view = json.dumps(
            {
                "searchFilter": f"tags.`{kind_tag}` = 'arm'",
                "orderByKey": "tags.`mlflow.runName`",
                "orderByAsc": True,
                "selectedColumns": columns,
                "columnOrder": columns,
                "columnWidths": {column: _width(column) for column in columns},
            }
        )
        if len(view) <= LONGEST_VIEW:
            return {f"{SHARED}{ARMS_VIEW}": view}
    return {}


def charts_view(kind_tag: str) -> dict[str, str]:
    """The experiment tag of the view whose charts are grouped by arm."""
    view = {
        "searchFilter": f"tags.`{kind_tag}` = 'arm'",
        "groupBy": {"aggregateFunction": "average", "groupByKeys": [{"mode": "param", "groupByData": "arm"}]},
        "useGroupedValuesInCharts": True,
        "runsHiddenMode": "SHOW_ALL",
    }
    return {f"{SHARED}{CHARTS_VIEW}": json.dumps(view)}


def _width(column: str) -> int:
    """Pixels of a column's heading; of a verdict's column of its longest name."""
    longest = LONGEST_VERDICT + 8 if "verdict over " in column else 0
    return 7 * max(len(column), longest) - 30


def _plain(metric: str) -> bool:
    return not metric.endswith(("_low", "_high"))


def overview(curves: pandas.DataFrame, arms: Mapping[str, set[str]], metric: str) -> list[tuple[str, float, int]]:
    """(name, value, percent of its training): each arm's mean over all runs whose metric is finite there.

    arms: the names of the arms that a signature belongs to.
    """
    rows = curves[curves["metric"] == metric].drop_duplicates(["signature", "epoch"])
    if rows.empty:
        return []
    percent = 100 * rows["epoch"] / rows.groupby("signature")["epoch"].transform("max")
    by_run = rows.assign(percent=percent).pivot(index="percent", columns="signature", values="value")
    everywhere = by_run.reindex(by_run.index.union(pandas.Index(PERCENTS, dtype=float)))
    points = everywhere.interpolate(method="index", limit_area="inside")
    points = points.loc[[float(at) for at in PERCENTS]]
    found = []
    for arm, key in keys_of(sorted({arm for names in arms.values() for arm in names})).items():
        means = points[[signature for signature in points.columns if arm in arms[signature]]].mean(axis=1)
        found += [
            (f"{metric}/{key}", float(value), at)
            for at, value in zip(PERCENTS, means, strict=True)
            if not math.isnan(value)
        ]
    return found


def tables_json(rows: pandas.DataFrame, places: Mapping[K, Sequence[int]]) -> dict[K, str]:
    """A table of some rows each, by their places, as `table_json` makes them."""
    whole = json.loads(table_json(rows))
    return {key: json.dumps({**whole, "data": [whole["data"][at] for at in some]}) for key, some in places.items()}


def table_json(rows: pandas.DataFrame) -> str:
    """A table as MLflow's pages read it; unlike MLflow's log_table it replaces the one before and keeps all digits."""
    return rows.to_json(orient="split", index=False, double_precision=15)
