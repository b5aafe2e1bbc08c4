"""What a section needs of a study's tables, beside verdicts, and whether it is there."""

from enum import StrEnum

from analysis.report.elements.findings import Findings
from spectra_tune.results import COST_REPEATS


class Need(StrEnum):
    """As it is said where it is lacking."""

    PROTOCOL = "the table says nothing of tasks, networks and treatments, and has one measure"
    CURVES = "the table has no curves"
    FIGURES = "the table has nothing to draw networks from"
    TIMES = "no arm was timed"


def lacks(found: Findings, need: Need) -> bool:
    """Whether what a section needs is not there."""
    runs, curves, figures = found.tables
    if need == Need.PROTOCOL:
        return found.declared is not None
    if need == Need.TIMES:
        return not any(name in runs and bool(runs[name].notna().any()) for name in COST_REPEATS)
    return (curves if need == Need.CURVES else figures).empty
