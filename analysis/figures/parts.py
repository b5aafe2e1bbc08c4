"""The parts of a claim, one after the other."""

from collections.abc import Mapping

from matplotlib.figure import Figure

from analysis.figures.drawing import bare, panels
from analysis.figures.units import IN_FULL, behind
from analysis.statistics.decomposition import Decomposition
from spectra_tune.design import Metric


def parts_of_claim(decompositions: Mapping[str, Decomposition], metric: Metric) -> Figure:
    """A panel per Condition: each part as a bar from where the one before ended, with its 95 % interval; last the
    claim."""
    figure, axes = panels(len(decompositions), width=4.6, most_columns=2)
    for (label, found), place in zip(decompositions.items(), axes, strict=True):
        at, names = 0.0, []
        for y, part in enumerate(found.parts):
            size = part.effect.estimate or 0.0
            place.barh(y, size, left=at, height=0.55, color="0.75", edgecolor="0.3")
            if part.effect.low is not None and part.effect.high is not None:
                place.plot([at + part.effect.low, at + part.effect.high], [y, y], color="black", linewidth=1.4)
            at += size
            names.append(f"{part.name}\n{size:+.2f}{behind(metric)}")
        place.barh(len(names), found.claimed, height=0.55, color="0.35")
        names.append(f"the claim\n{found.claimed:+.2f}{behind(metric)}")
        place.set_yticks(range(len(names)), names, fontsize=7.5)
        place.invert_yaxis()
        place.axvline(0, color="0.4", linewidth=0.8)
        place.set_title(label, fontsize=8)
        place.set_xlabel(f"{IN_FULL.get(metric.unit, metric.unit) or 'gain'}; lines: 95 % intervals", fontsize=8)
        bare(place)
    return figure
