"""What holds across tasks, and how it changes with capacity."""

from analysis.report.findings import Findings
from analysis.report.words import chance, with_interval


def lines(found: Findings) -> list[str]:
    """Means over tasks and trends with width; nothing where there is one task and width."""
    lines: list[str] = []
    if found.pooled:
        lines += ["## Across tasks (descriptive)", ""]
        lines += ["Each task counts once. The last interval is where a new task's own mean is expected.", ""]
        lines += ["| contrast | mean over tasks, pp | a new task, pp | | method |", "|---|---|---|---|---|"]
        for one in found.pooled:
            pooled = one.pooled
            mean = with_interval(pooled.estimate, pooled.low, pooled.high, sign=True)
            new = with_interval(pooled.estimate, pooled.prediction_low, pooled.prediction_high, sign=True)
            lines.append(f"| {one.contrast} | {mean} | {new} | {pooled.suffix} | {pooled.method} |")
        lines.append("")
    if found.trends:
        lines += ["## With capacity (descriptive)", ""]
        lines += ["Change of the difference for each doubling of the width, over seeds.", ""]
        lines += [
            "| task | contrast | widths | pp per doubling | n | p of no straight line |",
            "|---|---|---|---|---|---|",
        ]
        for one in found.trends:
            trend, widths = one.interaction, ", ".join(f"{width:g}" for width in one.widths)
            fits = chance(trend.lack_of_fit_p)
            slope = with_interval(trend.estimate, trend.low, trend.high, sign=True)
            lines.append(f"| {one.label} | {one.contrast} | {widths} | {slope} | {trend.n} | {fits} |")
        lines.append("")
    return lines
