"""How good a side is expected to be after so many configurations: with and without the regularizer."""

from collections.abc import Mapping, Sequence

from matplotlib.artist import Artist
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from analysis.describing.sensitivity import Tunability
from analysis.figures.drawing import bare, legend, panels, styles
from analysis.figures.units import named
from spectra_tune.design import SplitMetric


def tunability_curves(
    curves: Mapping[tuple[str, str], Tunability], arms: Sequence[str], measured: SplitMetric
) -> Figure:
    """A panel per Condition: expected best validation outcome against configurations spent, with their bands.

    curves: by (Condition's label, arm).
    """
    labels = list(dict.fromkeys(label for label, _ in curves))
    figure, axes = panels(len(labels))
    style = styles(arms)
    handles: dict[str, Artist] = {}
    for label, place in zip(labels, axes, strict=True):
        for arm in arms:
            curve = curves.get((label, arm))
            if curve is None:
                continue
            colour, marker = style[arm]
            every = max(1, len(curve.spent) // 8)
            (line,) = place.plot(
                curve.spent, curve.best, color=colour, linewidth=1.3, marker=marker, markersize=3, markevery=every
            )
            place.fill_between(curve.spent, curve.low, curve.high, color=colour, alpha=0.18, linewidth=0)
            handles.setdefault(arm, line)
        place.set_title(label, fontsize=8)
        place.tick_params(labelsize=7)
        place.set_xscale("log", base=2)
        place.xaxis.set_major_formatter(FuncFormatter(lambda spent, _: f"{spent:g}"))
        place.set_xlabel("configurations spent", fontsize=7)
        bare(place)
    figure.supylabel(f"expected best {named(measured)}", fontsize=8)
    legend(figure, handles)
    return figure
