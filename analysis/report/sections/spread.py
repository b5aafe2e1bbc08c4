"""How far results spread over seeds, treatment beside baseline."""

from analysis.figures.units import named, of_differences
from analysis.report.elements.findings import Findings
from analysis.report.elements.section import Section
from analysis.report.elements.table import table
from analysis.report.elements.words import chance, number, with_interval


def section(found: Findings) -> Section:
    """A row per contrast and Condition."""
    heads = (
        *("Condition", "contrast", "n"),
        *(of_differences(f"sd of {arm}", found.metric) for arm in ("baseline", "treatment")),
        *("ratio [95 %]", "p adjusted", ""),
    )
    text = [
        "## Spread over seeds (descriptive)",
        "",
        f"Standard deviation of {named(found.question.measured)} over seeds and its ratio, treatment "
        "over baseline: below 1 the treatment's results depend less on the seed. Pitman and Morgan's test of paired "
        f"variances, exact for normal results; p adjusted by Holm over the {len(found.spread)} rows of this section, a "
        "family of its own that no verdict rests on.",
        "",
    ]
    digits = found.digits
    rows = [
        (
            *(
                row["condition"],
                row["contrast"],
                f"{row['n']}",
                number(row["baseline"], digits),
                number(row["treatment"], digits),
            ),
            with_interval(row["ratio"], row["low"], row["high"]) if not row["note"] else "–",
            chance(row["p_adjusted"]),
            row["note"],
        )
        for row in found.spread.to_dict("records")
    ]
    return Section(lines=[*text, *table(heads, rows, "spread.csv")], tables={"spread": found.spread})
