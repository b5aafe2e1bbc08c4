"""Forest plot: every contrast's mean difference with its interval, against the margin."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from analysis.describing.across_tasks import PooledContrast
from analysis.figures.drawing import bare, canvas, styles
from analysis.figures.units import behind, of_gain
from analysis.judging.contrasts import Judged
from analysis.judging.sentences import format_p
from spectra_tune.design import Outcome

ROW = 0.23
"""Inches of a row."""


def forest(
    judged: Sequence[Judged], pooled: Sequence[PooledContrast], arms: Sequence[str], outcome: Outcome, title: str
) -> Figure:
    """A row per contrast and Condition: mean, 95 % interval, every seed; at the right adjusted p and verdict.

    Below them the pooled rows: the mean over tasks, and as a thin line where a new task's mean is expected.
    """
    margin, metric, style = outcome.margin_in_unit, outcome.measured.metric, styles(arms)
    headings = list(dict.fromkeys(one.condition for one in judged))
    rows = len(judged) + len(headings) + (len(pooled) + 1 if pooled else 0)
    figure = canvas(10.5, 1.5 + ROW * rows)
    axes = figure.add_subplot()
    axes.axvspan(-margin, margin, color="0.92", zorder=0, label=f"±{margin:g}{behind(metric)}: too small to matter")
    axes.axvline(0, color="0.4", linewidth=0.8, zorder=1)
    ticks: dict[float, str] = {}
    y, reach = 0.0, 2 * margin
    for heading in headings:
        axes.annotate(heading, (0, y), xycoords=("axes fraction", "data"), fontsize=8.5, fontweight="bold", va="center")
        y += 1
        for one in [one for one in judged if one.condition == heading]:
            ticks[y] = str(one.contrast)
            reach = max(reach, _row(axes, one, y, style[one.contrast.treatment]))
            y += 1
    if pooled:
        axes.annotate(
            f"mean over {pooled[0].pooled.n} tasks, each counting once",
            (0, y),
            xycoords=("axes fraction", "data"),
            fontsize=8.5,
            fontweight="bold",
            va="center",
        )
        y += 1
        for one in pooled:
            ticks[y] = str(one.contrast)
            reach = max(reach, _pooled_row(axes, one, y))
            y += 1
    axes.set_xlim(-reach, reach)
    axes.set_ylim(y - 0.4, -0.6)
    axes.set_yticks(list(ticks), list(ticks.values()), fontsize=8)
    axes.tick_params(axis="y", length=0)
    bare(axes, "top", "right", "left")
    gain = of_gain(metric, "treatment − baseline", in_full=True)
    axes.set_xlabel(f"{gain}: mean and 95 % interval; ticks are single seeds")
    axes.set_title(title, fontsize=10, loc="left")
    figure.legend(loc="outside lower right", frameon=False, fontsize=8)
    return figure


def _row(axes, one: Judged, y: float, style: tuple[str, str]) -> float:
    """Draws one contrast; how far it reaches from 0."""
    numbers, (colour, marker) = one.verdict.statistics, style
    p = "" if numbers.p_adjusted is None else f"{format_p(numbers.p_adjusted)}  "
    _at_the_right(axes, f"{p}{one.verdict.name}", y)
    if one.differences is None or numbers.mean is None or numbers.low is None or numbers.high is None:
        axes.annotate("not compared", (0, y), fontsize=7, va="center", color="0.4")
        return 0.0
    axes.plot(one.differences.gains, [y] * len(one.differences), "|", color=colour, alpha=0.45, markersize=6)
    axes.plot([numbers.low, numbers.high], [y, y], color=colour, linewidth=2)
    axes.plot(numbers.mean, y, marker, color=colour, markersize=5.5, markeredgecolor="white")
    return 1.05 * float(abs(one.differences.values).max())


def _pooled_row(axes, one: PooledContrast, y: float) -> float:
    found = one.pooled
    _at_the_right(axes, f"descriptive {found.suffix}", y)
    reach = abs(found.estimate)
    if found.low is not None and found.high is not None:
        axes.plot([found.low, found.high], [y, y], color="black", linewidth=2)
        reach = min(max(reach, abs(found.low), abs(found.high)), 4 * reach + 1)
    if found.prediction_low is not None and found.prediction_high is not None:
        axes.plot([found.prediction_low, found.prediction_high], [y, y], color="black", linewidth=0.7)
    axes.plot(found.estimate, y, "D", color="black", markersize=6, markeredgecolor="white")
    return 1.05 * reach


def _at_the_right(axes, text: str, y: float) -> None:
    axes.annotate(text, (1.01, y), xycoords=("axes fraction", "data"), fontsize=7.5, va="center", annotation_clip=False)
