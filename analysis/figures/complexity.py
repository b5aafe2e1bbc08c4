"""Gain against the complexity of a task's own boundary."""

import math
from collections.abc import Sequence

import numpy
from matplotlib.figure import Figure

from analysis.describing.complexity import TaskGain
from analysis.figures.drawing import bare, styles
from analysis.figures.grid import rows_of_panels, spread
from analysis.figures.units import of_gain
from spectra_tune.design import Metric
from spectra_tune.results import COMPLEXITY


def gain_and_complexity(gains: Sequence[TaskGain], arms: Sequence[str], metric: Metric) -> Figure:
    """A row per contrast (of many, some), a panel per complexity measure: every task's mean gain with its 95 %
    interval and its name; tasks on which the measure is not defined are left out and counted."""
    contrasts = spread(list(dict.fromkeys(one.contrast for one in gains)))
    figure, axes = rows_of_panels(len(contrasts), len(COMPLEXITY), width=3.2, height=2.7)
    style = styles(arms)
    for contrast, row in zip(contrasts, axes, strict=True):
        of_contrast = [one for one in gains if one.contrast == contrast]
        colour, marker = style[contrast.treatment]
        for measure, place in zip(COMPLEXITY, row, strict=True):
            known = [one for one in of_contrast if math.isfinite(one.complexity[measure])]
            place.axhline(0, color="0.4", linewidth=0.8)
            middle = numpy.mean([one.complexity[measure] for one in known]) if known else 0.0
            for one in known:
                at, gain = one.complexity[measure], one.gain
                place.plot([at, at], [gain.low, gain.high], color=colour, linewidth=1)
                place.plot(at, gain.estimate, marker, color=colour, markersize=4.5, markeredgecolor="white")
                left = at > middle  # so that names stay within their panel
                place.annotate(
                    one.task,
                    (at, gain.estimate),
                    xytext=(-3 if left else 3, 3),
                    ha="right" if left else "left",
                    textcoords="offset points",
                    fontsize=5,
                    color="0.3",
                )
            lost = len(of_contrast) - len(known)
            place.set_title(f"{contrast}" + (f"\nnot defined on {lost} tasks" if lost else ""), fontsize=7.5)
            place.set_xlabel(measure.removeprefix("complexity_").replace("_", " "), fontsize=7)
            place.tick_params(labelsize=6.5)
            bare(place)
        row[0].set_ylabel(f"{of_gain(metric, 'gain')}, 95 % over seeds", fontsize=7)
    return figure
