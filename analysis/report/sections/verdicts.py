"""What may be claimed: a sentence for every registered contrast."""

from analysis.report.elements.cells import linked, verdict
from analysis.report.elements.findings import Findings
from analysis.report.elements.section import Section


def section(found: Findings) -> Section:
    """A row per contrast and Condition."""
    lines = ["## Verdicts", "", "| Condition | contrast | verdict | |", "|---|---|---|---|"]
    for one in found.judged:
        lines.append(f"| {one.condition} | {linked(found, one)} | {verdict(one)} | {one.verdict.sentence} |")
    return Section(lines=[*lines, ""])
