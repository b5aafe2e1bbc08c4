"""What probes measured on the trained networks."""

from analysis.describing.probed import AT_THE_END, probed_table
from analysis.report.elements.findings import Findings
from analysis.report.elements.section import Section
from analysis.report.elements.table import table
from analysis.report.elements.words import short_with_interval

HEADS = (
    *("Condition", "contrast", "quantity", "baseline", "treatment", "difference [95 %]"),
    *("measured", "why not"),
)


def section(found: Findings) -> Section | None:
    """A row per Condition, contrast and quantity at the end of training; nothing without probes."""
    probed = probed_table(found.runs, found.tables.curves, found.judged)
    if probed.empty:
        return None
    text = [
        "## Probes (descriptive)",
        "",
        "Measured on the trained networks, never a verdict: no interval is adjusted for how many there are. Means over "
        "the pairs of runs that could be measured on both sides; of the others the reason is counted, they are not 0.",
        "",
    ]
    if (probed["epoch"] != AT_THE_END).any():
        epochs = ", ".join(map(str, sorted(set(probed["epoch"]) - {AT_THE_END})))
        text += [f"`probes.csv` also has what was measured at epoch {epochs}.", ""]
    rows = []
    for row in probed[probed["epoch"] == AT_THE_END].to_dict("records"):
        known = row["measured"] > 0
        means = [f"{row[arm]:.3g}" if known else "–" for arm in ("baseline", "treatment")]
        shown = short_with_interval(row["difference"], row["low"], row["high"]) if known else "–"
        measured = f"{row['measured']} of {row['seeds']}"
        rows.append((row["condition"], row["contrast"], row["quantity"], *means, shown, measured, row["why_not"]))
    return Section(lines=[*text, *table(HEADS, rows, "probes.csv")], tables={"probes": probed})
