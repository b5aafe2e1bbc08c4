"""What each arm's network made of the plane, beside the data, for one seed."""

from collections.abc import Mapping, Sequence

import numpy
import pandas
from matplotlib.figure import Figure

from analysis.figures.grid import rows_of_panels, spread
from spectra_tune.design import SplitMetric

SHADES = "PuOr_r"
"""Orange to violet: told apart by colour-blind readers, and dark at both ends in grey."""

DIGITS = 1
"""Of the score above an arm's plane."""


def boundaries(
    figures: pandas.DataFrame,
    runs: pandas.DataFrame,
    labels: Mapping[str, str],
    arms: Sequence[str],
    measured: SplitMetric,
) -> Figure:
    """A row per Condition: the data, then each arm's probability of class 1 (or class); the line is where it decides.

    figures: the figure table. labels: Conditions by signature; of many, some evenly apart are shown.
    measured: the score above each arm's plane.
    """
    chosen = spread(list(labels.items()))
    figure, axes = rows_of_panels(len(chosen), len(arms) + 1)
    of_signature = dict(iter(figures.groupby(["signature", "figure"], sort=False)))
    for (signature, label), row in zip(chosen, axes, strict=True):
        signatures = {arm: _shown(of_signature, runs, signature, arm) for arm in arms}
        known = [key for key in signatures.values() if key is not None]
        row[0].set_title(f"{label}: data", fontsize=7.5)
        if known:
            _points(row[0], of_signature[known[0], "data"])
        for arm, place in zip(arms, row[1:], strict=True):
            key = signatures[arm]
            if key is None:
                place.annotate("diverged", (0.5, 0.5), xycoords="axes fraction", ha="center", fontsize=8)
            else:
                _plane(place, of_signature[key, "boundary"])
                score = float(runs.loc[runs["signature"] == key, measured.column].iloc[0])
                metric = measured.metric
                place.set_title(f"{arm}: {metric.scale * score:.{DIGITS}f}{metric.symbol}", fontsize=7.5)
        for place in row:
            place.set_xticks([])
            place.set_yticks([])
    return figure


def _shown(of_signature: Mapping, runs: pandas.DataFrame, condition: str, arm: str) -> str | None:
    """The signature of the arm's run that has a boundary; None where it diverged."""
    rows = runs[(runs["condition_signature"] == condition) & (runs["arm"] == arm)]
    return next((key for key in rows["signature"] if (key, "boundary") in of_signature), None)


def _points(place, data: pandas.DataFrame) -> None:
    classes = int(data["value"].max()) + 1
    place.scatter(
        data["x"],
        data["y"],
        c=data["value"],
        s=1.2,
        cmap=SHADES,
        vmin=0,
        vmax=max(1, classes - 1),
        linewidths=0,
        rasterized=True,
    )


def _plane(place, plane: pandas.DataFrame) -> None:
    side = round(len(plane) ** 0.5)
    value = plane["value"].to_numpy().reshape(side, side)
    x, y = (plane[name].to_numpy(dtype=float) for name in ("x", "y"))
    extent = (float(x.min()), float(x.max()), float(y.min()), float(y.max()))
    top = max(1.0, float(value.max()))
    place.imshow(value, origin="lower", extent=extent, aspect="auto", cmap=SHADES, vmin=0, vmax=top)
    middle = [0.5] if top == 1 else [level + 0.5 for level in range(int(top))]
    if any(value.min() < level < value.max() for level in middle):
        place.contour(numpy.unique(x), numpy.unique(y), value, levels=middle, colors="black", linewidths=0.8)
