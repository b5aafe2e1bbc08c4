"""What probes measured on the trained networks."""

from analysis.describing.probed import AT_THE_END
from analysis.report.findings import Findings
from analysis.report.table import table
from analysis.report.words import short_with_interval

HEADS = (
    *("Condition", "contrast", "quantity", "baseline", "treatment", "difference [95 %]"),
    *("measured", "why not"),
)


def lines(found: Findings) -> list[str]:
    """A row per Condition, contrast and quantity at the end of training; nothing without probes."""
    if found.probes.empty:
        return []
    text = [
        "## Probes (descriptive)",
        "",
        "Measured on the trained networks, never a verdict: no interval is adjusted for how many there are. Means over "
        "the pairs of runs that could be measured on both sides; of the others the reason is counted, they are not 0.",
        "",
    ]
    if (found.probes["epoch"] != AT_THE_END).any():
        epochs = ", ".join(map(str, sorted(set(found.probes["epoch"]) - {AT_THE_END})))
        text += [f"`probes.csv` also has what was measured at epoch {epochs}.", ""]
    rows = []
    for row in found.probes[found.probes["epoch"] == AT_THE_END].to_dict("records"):
        known = row["measured"] > 0
        means = [f"{row[arm]:.3g}" if known else "–" for arm in ("baseline", "treatment")]
        shown = short_with_interval(row["difference"], row["low"], row["high"]) if known else "–"
        measured = f"{row['measured']} of {row['seeds']}"
        rows.append((row["condition"], row["contrast"], row["quantity"], *means, shown, measured, row["why_not"]))
    return [*text, *table(HEADS, rows, "probes.csv")]
