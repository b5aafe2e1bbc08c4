"""Forest plot: every contrast's mean difference with its interval, against the margin."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.describing.across_tasks import PooledContrast
from analysis.figures.drawing import bare, canvas, styles
from analysis.figures.marks import marked
from analysis.figures.units import behind, of_gain
from analysis.judging.contrasts import Judged
from analysis.judging.question import Question
from analysis.judging.sentences import format_p

ROW = 0.23
"""Inches of a row."""


def forest(
    judged: Sequence[Judged],
    pooled: Sequence[PooledContrast],
    arms: Sequence[str],
    question: Question,
    title: str,
    *,
    narrow: bool = False,
) -> Figure:
    """A row per contrast and Condition: mean, 95 % interval, every seed; at the right adjusted p and verdict.

    Below them the pooled rows: the mean over tasks, and as a thin line where a new task's mean is expected.
    narrow: for the width of a telephone, with names and verdicts above the intervals instead of beside them.
    """
    margin, metric, style = question.margin_in_unit, question.measured.metric, styles(arms)
    headings = list(dict.fromkeys(one.condition for one in judged))
    of_one = 2 if narrow else 1
    rows = of_one * (len(judged) + len(pooled)) + len(headings) + bool(pooled)
    figure = canvas(4.1 if narrow else 10.5, 1.5 + ROW * rows)
    axes = figure.add_subplot()
    axes.axvspan(-margin, margin, color="0.92", zorder=0, label=f"±{margin:g}{behind(metric)}: too small to matter")
    axes.axvline(0, color="0.4", linewidth=0.8, zorder=1)
    y, reach = 0.0, 2 * margin
    for heading in headings:
        _heading(axes, heading, y)
        y += 1
        for one in [one for one in judged if one.condition == heading]:
            at = _named(axes, str(one.contrast), _said(one), y, narrow=narrow)
            reach = max(reach, _row(axes, one, at, style[one.contrast.treatment]))
            y += of_one
    if pooled:
        _heading(axes, f"mean over {pooled[0].pooled.n} tasks, each counting once", y)
        y += 1
        for one in pooled:
            at = _named(axes, str(one.contrast), f"descriptive {one.pooled.suffix}", y, narrow=narrow)
            reach = max(reach, _pooled_row(axes, one, at))
            y += of_one
    axes.set_xlim(-reach, reach)
    axes.set_ylim(y - 0.4, -0.6)
    axes.set_yticks([])
    bare(axes, "top", "right", "left")
    gain = of_gain(metric, "treatment − baseline", in_full=True)
    break_or_not = "\n" if narrow else " "
    axes.set_xlabel(
        f"{gain}:{break_or_not}mean and 95 % interval; ticks are single seeds", fontsize=8 if narrow else None
    )
    axes.set_title(title, fontsize=10, loc="left")
    figure.legend(loc="outside lower right", frameon=False, fontsize=8)
    return figure


def _heading(axes: Axes, words: str, y: float) -> None:
    where = {"xycoords": ("axes fraction", "data"), "va": "center"}
    axes.annotate(words, (0, y), fontsize=8.5, fontweight="bold", annotation_clip=False, **where)


def _named(axes: Axes, name: str, said: str, y: float, *, narrow: bool) -> float:
    """Writes a row's name and what is said of it, beside the row or above it; where the row's interval goes."""
    where = {"xycoords": ("axes fraction", "data"), "va": "center", "annotation_clip": False}
    axes.annotate(name, (0 if narrow else -0.01, y), fontsize=8, ha="left" if narrow else "right", **where)
    axes.annotate(said, (1 if narrow else 1.01, y), fontsize=7.5, ha="right" if narrow else "left", **where)
    return y + 1 if narrow else y


def _said(one: Judged) -> str:
    p = one.verdict.statistics.p_adjusted
    return f"{'' if p is None else f'{format_p(p)}  '}{marked(one.verdict.name)}"


def _row(axes: Axes, one: Judged, y: float, style: tuple[str, str]) -> float:
    """Draws one contrast; how far it reaches from 0."""
    numbers, (colour, marker) = one.verdict.statistics, style
    if one.differences is None or numbers.mean is None or numbers.low is None or numbers.high is None:
        axes.annotate("not compared", (0, y), fontsize=7, va="center", color="0.4")
        return 0.0
    axes.plot(one.differences.gains, [y] * len(one.differences), "|", color=colour, alpha=0.45, markersize=6)
    axes.plot([numbers.low, numbers.high], [y, y], color=colour, linewidth=2)
    axes.plot(numbers.mean, y, marker, color=colour, markersize=5.5, markeredgecolor="white")
    return 1.05 * float(abs(one.differences.values).max())


def _pooled_row(axes: Axes, one: PooledContrast, y: float) -> float:
    found = one.pooled
    reach = abs(found.estimate)
    if found.low is not None and found.high is not None:
        axes.plot([found.low, found.high], [y, y], color="black", linewidth=2)
        reach = min(max(reach, abs(found.low), abs(found.high)), 4 * reach + 1)
    if found.prediction_low is not None and found.prediction_high is not None:
        axes.plot([found.prediction_low, found.prediction_high], [y, y], color="black", linewidth=0.7)
    axes.plot(found.estimate, y, "D", color="black", markersize=6, markeredgecolor="white")
    return 1.05 * reach
