"""What a search reached with how many parameters."""

from analysis.describing.pareto import fronts
from analysis.report.elements.findings import Findings
from analysis.report.elements.section import Section
from analysis.report.elements.table import table
from analysis.report.elements.words import with_interval


def section(found: Findings) -> Section | None:
    """A row per point of each side's Pareto front; nothing where one size was searched, or nothing was."""
    if found.study.search is None:
        return None
    points = fronts(found.study, found.searched)
    if not points:
        return None
    lines = ["## Outcome against size (exploratory)", ""]
    lines += [
        "Each side's Pareto front: what no configuration of that side with as many parameters or fewer reaches in "
        "validation. Sizes are not tested against each other.",
        "",
    ]
    rows = []
    for one in points:
        shown = with_interval(one.mean, one.low, one.high)
        rows.append((one.arm, f"{one.parameters}", one.condition, f"no. {one.configuration}", shown))
    heads = ("side", "parameters", "Condition", "configuration", "validation [95 %]")
    return Section(lines=[*lines, *table(heads, rows)])
