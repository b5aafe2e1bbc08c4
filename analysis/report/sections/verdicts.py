"""What may be claimed: a sentence for every registered contrast."""

from analysis.report.cells import linked
from analysis.report.findings import Findings


def lines(found: Findings) -> list[str]:
    """A row per contrast and Condition."""
    lines = ["## Verdicts", "", "| Condition | contrast | verdict | |", "|---|---|---|---|"]
    for one in found.judged:
        name = " ".join((f"**{one.verdict.name}**", *one.verdict.suffixes))
        lines.append(f"| {one.condition} | {linked(found, one)} | {name} | {one.verdict.sentence} |")
    return [*lines, ""]
