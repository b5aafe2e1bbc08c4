"""What is left of the loss's gradient on its way from the last hidden layer to the first."""

from collections.abc import Mapping, Sequence

import pandas
from matplotlib.artist import Artist
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullFormatter

from analysis.figures.drawing import bare, legend, styles
from analysis.figures.grid import rows_of_panels, spread

LEAST = 1e-12
"""What is smaller is gone: it would flatten all else."""


def gradients_by_depth(flow: pandas.DataFrame, epochs: Mapping[int, str], arms: Sequence[str]) -> Figure:
    """A row per Condition, of many some, and a panel per epoch: each arm's median over seeds with its quartiles.

    flow: see describing.gradient_flow; epochs: what each is called. On a logarithmic scale down to LEAST.
    """
    layers = flow[flow["layer"] > 0]
    chosen = spread(list(dict.fromkeys(layers["condition"])))
    figure, axes = rows_of_panels(len(chosen), len(epochs), width=3.2)
    handles: dict[str, Artist] = {}
    style = styles(arms)
    for condition, row in zip(chosen, axes, strict=True):
        for (epoch, called), place in zip(epochs.items(), row, strict=True):
            for arm in arms:
                here = (layers["condition"] == condition) & (layers["arm"] == arm) & (layers["epoch"] == epoch)
                mine = layers[here & (layers["median"] >= LEAST)].sort_values("layer")
                colour, marker = style[arm]
                (line,) = place.plot(
                    mine["layer"], mine["median"], color=colour, linewidth=1.2, marker=marker, markersize=3, markevery=4
                )
                band = mine[mine["low"] >= LEAST]
                place.fill_between(band["layer"], band["low"], band["high"], color=colour, alpha=0.18, linewidth=0)
                handles.setdefault(arm, line)
            place.axhline(1.0, color="#999999", linewidth=0.7, linestyle=":")
            place.set_yscale("log")
            place.yaxis.set_major_formatter(FuncFormatter(lambda size, _: f"{size:g}"))
            place.yaxis.set_minor_formatter(NullFormatter())
            place.set_title(f"{condition}\n{called}", fontsize=7.5)
            place.xaxis.set_major_locator(MaxNLocator(integer=True))
            place.tick_params(labelsize=6.5)
            bare(place)
    figure.supylabel("gradient at each hidden layer, over that at the last", fontsize=8)
    legend(figure, handles)
    return figure
