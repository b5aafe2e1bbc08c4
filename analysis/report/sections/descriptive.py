"""Outcomes that are shown without a test."""

from analysis.judging.generalization import GAPS, sides_of
from analysis.report.findings import Findings
from analysis.report.table import table

HEADS = ("outcome", "Condition", "contrast", "difference", "seeds")


def lines(found: Findings) -> list[str]:
    """A row per outcome, contrast and Condition; every study has the generalization gap."""
    if found.descriptive.empty:
        return []
    rows = []
    for row in found.descriptive.to_dict("records"):
        known = row.get("n") == row.get("n") and row.get("n") is not None
        shown = (
            (f"{row['mean']:.3g} {row['unit']} [{row['low']:.3g}, {row['high']:.3g}]", f"{row['n']:.0f}")
            if known
            else (str(row["note"]), "")
        )
        rows.append((row["metric"], row["condition"], row["contrast"], *shown))
    gap = next(metric for metric in found.descriptive["metric"] if metric in GAPS)
    train, test = sides_of(gap)
    note = (
        f"{gap} is the generalization gap, {train} − {test}: a negative difference means that the treatment's networks "
        "lose less from training to test data. Diverged and failed runs count as the constant predictor."
    )
    return ["## Descriptive outcomes (no test, no verdict)", "", note, "", *table(HEADS, rows, "descriptive.csv")]
