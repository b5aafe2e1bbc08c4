"""Cost plane: what each treatment gains against what it costs in time."""

from collections.abc import Sequence

from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from analysis.describing.cost import ACCEPTED_OVERHEAD
from analysis.describing.price import Priced
from analysis.figures.drawing import bare, panels, styles
from analysis.figures.units import of_gain
from spectra_tune.design import Outcome

RATIOS = (0.1, 0.25, 0.5, 0.7, 0.8, 0.9, 1, 1.2, 1.5, 2, 3, 5, 10, 20, 50)
"""Where the time axis may have ticks."""


def cost_plane(priced: Sequence[Priced], arms: Sequence[str], outcome: Outcome) -> Figure:
    """A panel per contrast: gain over time per epoch, a point per Condition with both 95 % intervals.

    Up and to the left is better. Contrasts without timings or differences are left out; the panel says how many.
    """
    margin, gain = outcome.margin_in_unit, of_gain(outcome.measured.metric, "gain", in_full=True)
    contrasts = list(dict.fromkeys(one.judged.contrast for one in priced))
    figure, axes = panels(len(contrasts), width=4.0, height=3.4, most_columns=3)
    style = styles(arms)
    for contrast, place in zip(contrasts, axes, strict=True):
        place.axhspan(-margin, margin, color="0.92", zorder=0)
        place.axhline(0, color="0.4", linewidth=0.8)
        place.axvline(1, color="0.4", linewidth=0.8)
        place.axvline(ACCEPTED_OVERHEAD, color="0.6", linewidth=0.8, linestyle=":")
        of_contrast = [one for one in priced if one.judged.contrast == contrast]
        left_out = sum(not _point(place, one, style[contrast.treatment]) for one in of_contrast)
        note = f"\n{left_out} of {len(of_contrast)} without timings or differences" if left_out else ""
        place.set_title(f"{contrast}{note}", fontsize=9, loc="left")
        place.set_xscale("log")
        place.xaxis.set_major_locator(FixedLocator(RATIOS))
        place.xaxis.set_minor_locator(NullLocator())
        place.xaxis.set_major_formatter(FuncFormatter(lambda ratio, _: f"{ratio:g}"))
        place.set_xlabel(f"time per epoch, treatment / baseline (dotted: {ACCEPTED_OVERHEAD:g})", fontsize=8)
        place.tick_params(labelsize=8)
        bare(place)
    axes[0].set_ylabel(f"{gain} (grey: too small to matter)", fontsize=8)
    return figure


def _point(place, one: Priced, style: tuple[str, str]) -> bool:
    """Draws one Condition; whether it could be."""
    gain, time, (colour, marker) = one.judged.verdict.statistics, one.overhead, style
    if time is None or time.estimate is None or gain.mean is None:
        return False
    if time.low is not None and time.high is not None:
        place.plot([time.low, time.high], [gain.mean, gain.mean], color=colour, linewidth=1)
    if gain.low is not None and gain.high is not None:
        place.plot([time.estimate, time.estimate], [gain.low, gain.high], color=colour, linewidth=1)
    place.plot(time.estimate, gain.mean, marker, color=colour, markersize=5, markeredgecolor="white")
    place.annotate(
        one.judged.condition,
        (time.estimate, gain.mean),
        xytext=(4, 3),
        textcoords="offset points",
        fontsize=6.5,
        color="0.3",
    )
    return True
