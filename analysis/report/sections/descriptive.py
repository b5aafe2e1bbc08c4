"""Outcomes that are shown without a test."""

from analysis.describing.other_metrics import descriptive_table
from analysis.judging.generalization import gap_of, sides_of
from analysis.report.elements.findings import Findings
from analysis.report.elements.section import Section
from analysis.report.elements.table import table

HEADS = ("outcome", "Condition", "contrast", "difference", "seeds")


def section(found: Findings) -> Section | None:
    """A row per outcome, contrast and Condition; every study has the generalization gap."""
    described = descriptive_table(found.study, found.runs)
    if described.empty:
        return None
    rows = []
    for row in described.to_dict("records"):
        known = row.get("n") == row.get("n") and row.get("n") is not None
        shown = (
            (f"{row['mean']:.3g} {row['unit']} [{row['low']:.3g}, {row['high']:.3g}]", f"{row['n']:.0f}")
            if known
            else (str(row["note"]), "")
        )
        rows.append((row["metric"], row["condition"], row["contrast"], *shown))
    gap = gap_of(found.study.outcome.metric)
    train, test = sides_of(gap)
    note = (
        f"{gap} is the generalization gap, {train} − {test}: a negative difference means that the treatment's networks "
        "lose less from training to test data. Diverged and failed runs count as the constant predictor."
    )
    lines = ["## Descriptive outcomes (no test, no verdict)", "", note, "", *table(HEADS, rows, "descriptive.csv")]
    return Section(lines=lines, tables={"descriptive": described})
