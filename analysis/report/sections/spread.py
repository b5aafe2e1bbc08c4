"""How far results spread over seeds, treatment beside baseline."""

from analysis.report.findings import Findings
from analysis.report.table import table
from analysis.report.words import chance, number, with_interval

HEADS = (
    *("Condition", "contrast", "n", "sd of baseline, pp", "sd of treatment, pp"),
    *("ratio [95 %]", "p adjusted", ""),
)


def lines(found: Findings) -> list[str]:
    """A row per contrast and Condition."""
    text = [
        "## Spread over seeds (descriptive)",
        "",
        f"Standard deviation of {found.study.outcome.metric.replace('_', ' ')} over seeds and its ratio, treatment "
        "over baseline: below 1 the treatment's results depend less on the seed. Pitman and Morgan's test of paired "
        f"variances, exact for normal results; p adjusted by Holm over the {len(found.spread)} rows of this section, a "
        "family of its own that no verdict rests on.",
        "",
    ]
    rows = [
        (
            *(row["condition"], row["contrast"], f"{row['n']}", number(row["baseline"]), number(row["treatment"])),
            with_interval(row["ratio"], row["low"], row["high"]) if not row["note"] else "–",
            chance(row["p_adjusted"]),
            row["note"],
        )
        for row in found.spread.to_dict("records")
    ]
    return [*text, *table(HEADS, rows, "spread.csv")]
