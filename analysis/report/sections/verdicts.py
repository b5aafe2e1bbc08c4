"""What may be claimed: a sentence for every registered contrast."""

from analysis.figures import forest
from analysis.figures.units import named
from analysis.report.elements.cells import linked, verdict
from analysis.report.elements.findings import Findings
from analysis.report.elements.section import Picture, Section

MOST_ROWS = 150
"""Of the forest plot."""


def section(found: Findings) -> Section:
    """A row per contrast and Condition, and the forest plot."""
    lines = ["## Verdicts", "", "| Condition | contrast | verdict | |", "|---|---|---|---|"]
    for one in found.judged:
        lines.append(f"| {one.condition} | {linked(found, one)} | {verdict(one)} | {one.verdict.sentence} |")
    outcome, title = found.study.outcome, f"{found.name}: {named(found.study.outcome.measured)}"
    judged = [one for one in found.judged if one.condition_signature in found.shown.labels]
    plot = Picture(
        draw=lambda: forest(judged[:MOST_ROWS], found.pooled[:MOST_ROWS], found.arms, outcome, title),
        shows="Every contrast: mean difference, 95 % interval, every seed, adjusted p and verdict" + found.shown.note,
    )
    notes = []
    if len(found.judged) > MOST_ROWS:
        notes.append(f"The forest plot has the first {MOST_ROWS} of {len(found.judged)} rows; contrasts.csv has all.")
    return Section(lines=[*lines, ""], pictures={"forest": plot}, notes=notes)
