"""What holds across tasks."""

from analysis.figures.units import of_differences
from analysis.report.elements.findings import Findings
from analysis.report.elements.section import Section
from analysis.report.elements.table import table
from analysis.report.elements.words import with_interval


def section(found: Findings) -> Section | None:
    """Means over tasks; nothing where there is one task."""
    if not found.pooled:
        return None
    mean, new = (of_differences(name, found.metric) for name in ("mean over tasks", "a new task"))
    lines = ["## Across tasks (descriptive)", ""]
    lines += ["Each task counts once. The last interval is where a new task's own mean is expected.", ""]
    heads, rows = ("contrast", mean, new, "", "method"), []
    for one in found.pooled:
        pooled = one.pooled
        mean = with_interval(pooled.estimate, pooled.low, pooled.high, sign=True)
        new = with_interval(pooled.estimate, pooled.prediction_low, pooled.prediction_high, sign=True)
        rows.append((str(one.contrast), mean, new, pooled.suffix, pooled.method))
    return Section(lines=[*lines, *table(heads, rows)])
