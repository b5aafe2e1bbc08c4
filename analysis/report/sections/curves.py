"""How validation data was learnt, epoch by epoch."""

from analysis.figures import mean_curves
from analysis.figures.units import named
from analysis.report.elements.findings import Findings
from analysis.report.elements.section import Picture, Section


def section(found: Findings) -> Section | None:
    """Mean learning curves of the outcome's validation sibling; nothing where it was not followed."""
    shown, measured = found.shown, found.study.outcome.measured.followed
    runs, curves, _ = shown.tables
    if not (curves["metric"] == measured.column).any():
        return None
    picture = Picture(
        draw=lambda: mean_curves(curves, runs, shown.labels, shown.arms, measured),
        shows=f"Mean {named(measured)} of each arm over epochs, with 95 % bands over seeds{shown.note}",
    )
    return Section(lines=["## Learning curves", ""], pictures={"curves": picture}, notes=shown.notes)
