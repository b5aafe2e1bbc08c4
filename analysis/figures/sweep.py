"""A sweep: the mean outcome of each arm against the number in which the arms differ."""

from collections.abc import Mapping

import numpy
from matplotlib.artist import Artist
from matplotlib.figure import Figure

from analysis.describing.sweep import Sweep
from analysis.figures.drawing import COLOURS, MARKERS, OF_NONE, bare, legend, panels
from analysis.figures.grid import spread
from analysis.figures.units import named, of_values
from spectra_tune.design import SplitMetric

LOGARITHMIC_FROM = 8
"""Ratio of the largest to the smallest value, all > 0, from which the axis is logarithmic."""


def sweep_curves(
    sweep: Sweep,
    summaries: Mapping[tuple[str, str], Mapping[str, float]],
    labels: Mapping[str, str],
    measured: SplitMetric,
) -> Figure:
    """A panel per Condition: mean over seeds of each arm with its 95 % interval; grey: the arm none.

    summaries: of each (condition_signature, arm), see contrasts.arm_summaries. labels: Conditions by signature.
    """
    figure, axes = panels(len(labels))
    handles: dict[str, Artist] = {}
    values = [value for line in sweep.lines for value in line.values]
    logarithmic = min(values) > 0 and max(values) >= LOGARITHMIC_FROM * min(values)
    for (signature, label), place in zip(labels.items(), axes, strict=True):
        none = _mean(summaries, signature, "none", measured)
        if none is not None:
            handles.setdefault("none", place.axhline(none[0], color=OF_NONE[0], linewidth=1.2, linestyle="--"))
            place.axhspan(none[1], none[2], color=OF_NONE[0], alpha=0.12, linewidth=0)
        for at, line in enumerate(sweep.lines):
            known = {
                value: found
                for arm, value in zip(line.arms, line.values, strict=True)
                if (found := _mean(summaries, signature, arm, measured)) is not None
            }
            if not known:
                continue
            mean, low, high = numpy.array(list(known.values())).T
            colour, marker = COLOURS[at % len(COLOURS)], MARKERS[1:][at % (len(MARKERS) - 1)]
            (drawn,) = place.plot(list(known), mean, color=colour, marker=marker, markersize=3.5, linewidth=1.2)
            place.fill_between(list(known), low, high, color=colour, alpha=0.18, linewidth=0)
            handles.setdefault(line.label or "with the regularizer", drawn)
        if logarithmic:
            place.set_xscale("log")
        ticks = spread(sorted(set(values)))
        place.set_xticks(ticks, [f"{value:g}" for value in ticks])
        place.set_xticks([], minor=True)
        place.set_title(label, fontsize=8)
        place.set_xlabel(sweep.field.replace("_", " "), fontsize=7)
        place.tick_params(labelsize=7)
        bare(place)
    figure.supylabel(of_values(named(measured), measured.metric), fontsize=8)
    legend(figure, handles)
    return figure


def _mean(
    summaries: Mapping[tuple[str, str], Mapping[str, float]], signature: str, arm: str, measured: SplitMetric
) -> tuple[float, float, float] | None:
    """Mean of an arm and its bounds; None where it has none. Of a single seed the bounds are the mean."""
    summary, name = summaries.get((signature, arm), {}), measured.column
    if name not in summary:
        return None
    mean, low, high = (summary.get(key, summary[name]) for key in (name, f"{name}_low", f"{name}_high"))
    scale = measured.metric.scale
    return scale * mean, scale * low, scale * high
