"""By how much a gain lies above its mean at each level of each factor, a panel per metric."""

import pandas
from matplotlib.figure import Figure

from analysis.figures.drawing import COLOURS, OF_NONE, bare, canvas
from analysis.figures.units import named, of_differences
from spectra_tune.design import SPLIT_METRICS

LINE_IN = 0.165
"""Inches of a level's line."""

LETTER_IN = 0.07
"""Of a level's name."""


def levels_of_factors(effects: pandas.DataFrame) -> Figure:
    """Points with 95 % intervals; dark: the intervals that leave 0 out.

    effects: see describing.factors.effects_table, the rows of gains as they are.
    """
    metrics = list(dict.fromkeys(effects["metric"]))
    lines = effects[(effects["metric"] == metrics[0]) & (effects["factor"] != "")]
    keys = list(zip(lines["factor"], lines["level"], strict=True))
    longest = max(len(factor) + len(level) for factor, level in keys)
    figure = canvas(2.2 * len(metrics) + LETTER_IN * longest, LINE_IN * len(keys) + 1.0)
    axes = figure.subplots(1, len(metrics), sharey=True, squeeze=False)[0]
    for metric, place in zip(metrics, axes, strict=True):
        rows = effects[effects["metric"] == metric].set_index(["factor", "level"])
        for at, key in enumerate(keys):
            effect, low, high = (float(rows.loc[key, name]) for name in ("effect", "low", "high"))
            colour = COLOURS[0] if low > 0 else COLOURS[1] if high < 0 else OF_NONE[0]
            place.plot([low, high], [at, at], color=colour, linewidth=1.2)
            place.plot([effect], [at], color=colour, marker="o", markersize=3)
        place.axvline(0, color=OF_NONE[0], linewidth=0.7)
        measured = SPLIT_METRICS[metric]
        place.set_title(named(measured), fontsize=8)
        place.set_xlabel(of_differences("gain above its mean", measured.metric), fontsize=7)
        place.tick_params(labelsize=7)
        bare(place)
    names = [f"{factor.replace('_', ' ')}: {level}" for factor, level in keys]
    axes[0].set_yticks(range(len(keys)), names)
    axes[0].invert_yaxis()
    return figure
