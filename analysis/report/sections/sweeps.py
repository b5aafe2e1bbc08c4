"""How the outcome goes with a number in which arms differ."""

from analysis.describing.sweep import sweeps
from analysis.figures import sweep_curves
from analysis.figures.units import named
from analysis.judging.contrasts import arm_summaries
from analysis.report.elements.findings import Findings
from analysis.report.elements.section import Picture, Section
from analysis.report.elements.shown import file_names


def section(found: Findings) -> Section | None:
    """A picture of each sweep; nothing where no arms differ in one number alone."""
    swept = sweeps(found.study)
    if not swept:
        return None
    shown, measured = found.shown, found.study.outcome.measured
    summaries = arm_summaries(shown.tables.runs)
    named_by_field = file_names(sweep.field for sweep in swept)
    pictures = {
        f"sweep-{named_by_field[sweep.field]}": Picture(
            draw=lambda sweep=sweep: sweep_curves(sweep, summaries, shown.labels, measured),
            shows=f"Mean {named(measured)} of each arm against {sweep.field.replace('_', ' ')}, with 95 % bands over "
            f"seeds; dashed: none{shown.note}",
        )
        for sweep in swept
    }
    return Section(lines=["## Arms that differ in one number", ""], pictures=pictures)
