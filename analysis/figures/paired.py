"""Paired plot: both arms of a contrast, every seed joined to its match."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from analysis.figures.drawing import bare, panels, styles
from analysis.figures.units import behind, named, of_values
from analysis.judging.contrasts import Judged
from spectra_tune.design import SplitMetric

BETTER, WORSE = "0.35", "0.75"
"""Greys of a seed's line by whether the treatment is ahead."""


def paired(judged: Sequence[Judged], arms: Sequence[str], measured: SplitMetric, digits: int = 2) -> Figure:
    """One contrast, a panel per Condition: each seed's baseline and treatment joined by a line, dark where the
    treatment is ahead, dashed where a run diverged; the arms' means as markers. digits: of differences."""
    shown = [one for one in judged if one.differences is not None and len(one.differences)]
    figure, axes = panels(max(1, len(shown)), height=2.6)
    metric, style = measured.metric, styles(arms)
    for one, place in zip(shown, axes, strict=False):
        found = one.differences
        assert found is not None
        failed = found.diverged_treatment | found.diverged_baseline
        for before, after, lost in zip(found.baseline_values, found.treatment_values, failed, strict=True):
            place.plot(
                [0, 1],
                [before, after],
                color=BETTER if metric.sign * (after - before) > 0 else WORSE,
                linewidth=0.9,
                linestyle="--" if lost else "-",
                marker=".",
                markersize=3,
            )
        for at, (arm, values) in enumerate(
            ((found.baseline, found.baseline_values), (found.treatment, found.treatment_values))
        ):
            colour, marker = style[arm]
            place.plot(at, values.mean(), marker, color=colour, markersize=8, markeredgecolor="white", zorder=3)
        numbers = one.verdict.statistics
        interval = ""
        if numbers.low is not None:
            interval = (
                f"{numbers.mean:+z.{digits}f}{behind(metric)} [{numbers.low:+z.{digits}f}, {numbers.high:+z.{digits}f}]"
            )
        place.set_title(f"{one.condition}\n{interval}, n = {numbers.n}", fontsize=8)
        place.set_xticks([0, 1], [found.baseline, found.treatment], fontsize=8)
        place.set_xlim(-0.25, 1.25)
        place.tick_params(axis="y", labelsize=7)
        bare(place)
    if shown:
        figure.supylabel(of_values(named(measured), metric), fontsize=8)
    else:
        axes[0].annotate("no pairs to compare", (0.5, 0.5), xycoords="axes fraction", ha="center")
    return figure
