"""How fast arms get to a threshold that was fixed in advance."""

import math

from analysis.figures.units import named, of_differences
from analysis.report.elements.findings import Findings
from analysis.report.elements.section import Section
from analysis.report.elements.table import table
from analysis.report.elements.words import chance, number, with_interval


def section(found: Findings) -> Section | None:
    """A row per contrast and Condition; nothing without a threshold."""
    if found.convergence.empty or found.study.threshold is None:
        return None
    measured = found.study.outcome.measured.followed
    metric = measured.metric
    heads = (
        *("Condition", "contrast", "n", "epochs, baseline", "epochs, treatment", "difference [95 %]", "p adjusted"),
        *("ratio [95 %]", "never, baseline and treatment", f"{of_differences('area', metric)} [95 %]", ""),
    )
    text = [
        "## Convergence (descriptive)",
        "",
        f"The first evaluated epoch at which {named(measured)} reaches "
        f"{metric.scale * found.study.threshold:g}{metric.symbol}, a threshold fixed "
        "before the first run. A ratio of 0.90 is 10 % fewer epochs than the baseline. A run that never reaches it, or "
        "diverged, counts as the whole budget and is listed under never, which pulls the ratio towards 1. p: sign "
        f"flip, adjusted by Holm over the {len(found.convergence)} rows. Area: mean height of the validation curve, "
        "treatment − baseline.",
        "",
    ]
    rows = []
    for row in found.convergence.to_dict("records"):
        start = (row["condition"], row["contrast"], f"{row['n']}")
        if row["note"]:
            rows.append((*start, *["–"] * 7, row["note"]))
            continue
        never = f"{row['censored_baseline']:.0f} and {row['censored_treatment']:.0f} of {row['n']}"
        rows.append(
            (
                *start,
                *(number(row[name], 1) for name in ("baseline", "treatment")),
                _interval(row, "difference", "low", "high", sign=True, digits=1),
                chance(row["p_adjusted"]),
                _interval(row, "ratio", "ratio_low", "ratio_high"),
                never,
                _interval(row, "area", "area_low", "area_high", sign=True),
                "",
            )
        )
    lines = [*text, *table(heads, rows, "convergence.csv")]
    return Section(lines=lines, tables={"convergence": found.convergence})


def _interval(row: dict, name: str, low: str, high: str, sign: bool = False, digits: int = 2) -> str:
    """A number of the row with its interval; an unbounded one is said to be none."""
    value, *bounds = (None if row[key] is None or math.isnan(row[key]) else row[key] for key in (name, low, high))
    return with_interval(value, *bounds, sign=sign, digits=digits)
