"""What may be claimed: a sentence for every registered contrast."""

from analysis.report.elements.cells import condition, linked, verdict
from analysis.report.elements.findings import Findings
from analysis.report.elements.section import Section
from analysis.report.elements.table import table


def section(found: Findings) -> Section:
    """A row per contrast and Condition."""
    rows = [(condition(found, one), linked(found, one), verdict(one), one.verdict.sentence) for one in found.judged]
    return Section(lines=["## Verdicts", "", *table(("Condition", "contrast", "verdict", ""), rows)])
