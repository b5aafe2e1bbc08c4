"""Pictures of judged contrasts, as PNG or SVG bytes."""

import io
from collections.abc import Sequence

import matplotlib
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from analysis.contrasts import Judged

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
"""Okabe and Ito's colour-blind safe colours, one per contrast; markers tell them apart in grey."""

MARKERS = ("o", "s", "D", "^", "v", "P")


def forest(judged: Sequence[Judged], margin_pp: float, title: str) -> Figure:
    """Mean difference and 95 % interval of every contrast and Condition, every seed's difference, the ±margin band."""
    conditions = list(dict.fromkeys(one.condition for one in judged))
    contrasts = list(dict.fromkeys(str(one.contrast) for one in judged))
    rows = len(conditions) * (len(contrasts) + 1)
    figure = Figure(figsize=(9.5, 1.6 + 0.24 * rows), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.axvspan(-margin_pp, margin_pp, color="0.92", zorder=0, label=f"±{margin_pp:g} pp: too small to matter")
    axes.axvline(0, color="0.4", linewidth=0.8, zorder=1)
    ticks, reach = {}, 2 * margin_pp
    for one in judged:
        place, which = conditions.index(one.condition), contrasts.index(str(one.contrast))
        y = place * (len(contrasts) + 1) + which
        ticks.setdefault(one.condition, place * (len(contrasts) + 1) + (len(contrasts) - 1) / 2)
        numbers = one.verdict.statistics
        if one.differences is None or numbers.mean is None or numbers.low is None or numbers.high is None:
            axes.annotate("not compared", (0, y), fontsize=7, va="center", color="0.4")
            continue
        colour, marker = COLOURS[which % len(COLOURS)], MARKERS[which % len(MARKERS)]
        axes.plot(one.differences.values, [y] * len(one.differences), "|", color=colour, alpha=0.45, markersize=6)
        axes.plot([numbers.low, numbers.high], [y, y], color=colour, linewidth=2)
        named = str(one.contrast) if place == 0 else None
        axes.plot(numbers.mean, y, marker, color=colour, markersize=5.5, markeredgecolor="white", label=named)
        axes.annotate(
            one.verdict.name,
            (1.01, y),
            xycoords=("axes fraction", "data"),
            fontsize=7.5,
            va="center",
            annotation_clip=False,
        )
        reach = max(reach, 1.05 * float(abs(one.differences.values).max()))
    axes.set_xlim(-reach, reach)
    axes.set_yticks(list(ticks.values()), list(ticks))
    axes.invert_yaxis()
    axes.tick_params(axis="y", length=0)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.set_xlabel("treatment − baseline, percentage points (mean, 95 % interval; ticks are single seeds)")
    axes.set_title(title, fontsize=10, loc="left")
    figure.legend(loc="outside lower center", ncols=len(contrasts) + 1, frameon=False, fontsize=8)
    return figure


def rendered(figure: Figure, kind: str) -> bytes:
    """The figure as "png" or "svg", equal bytes for equal figures."""
    out = io.BytesIO()
    with matplotlib.rc_context({"svg.hashsalt": "spectra-tune", "svg.fonttype": "none"}):
        figure.savefig(out, format=kind, dpi=150, metadata={"Date": None} if kind == "svg" else None)
    return out.getvalue()
