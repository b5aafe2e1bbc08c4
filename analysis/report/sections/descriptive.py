"""Outcomes that are shown without a test."""

from analysis.report.findings import Findings


def lines(found: Findings) -> list[str]:
    """x"""
    if found.descriptive.empty:
        return []
    lines = ["## Descriptive outcomes (no test, no verdict)", ""]
    lines += ["| outcome | Condition | contrast | difference | seeds |", "|---|---|---|---|---|"]
    for row in found.descriptive.to_dict("records"):
        known = row.get("n") == row.get("n") and row.get("n") is not None
        shown = (
            f"{row['mean']:.3g} {row['unit']} [{row['low']:.3g}, {row['high']:.3g}] | {row['n']:.0f} |"
            if known
            else f"{row['note']} | |"
        )
        lines.append(f"| {row['metric']} | {row['condition']} | {row['contrast']} | {shown}")
    return [*lines, ""]
