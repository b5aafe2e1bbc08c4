"""Whether gains depend on how complex the tasks' own boundaries are."""

import math

from analysis.report.findings import Findings
from analysis.report.table import table
from analysis.report.words import chance, number, with_interval

HEADS = (
    "contrast",
    "complexity measure",
    "tasks",
    "Pearson's r [95 %]",
    "p adjusted",
    "Spearman's rho",
    "p adjusted",
    "",
)


def lines(found: Findings) -> list[str]:
    """A row per contrast and complexity measure; nothing where tasks have no complexity."""
    if found.correlations.empty:
        return []
    rows, sentences = [], []
    for row in found.correlations.to_dict("records"):
        measure = row["measure"].removeprefix("complexity_").replace("_", " ")
        tested = not math.isnan(row["p"])
        r = with_interval(row["r"], row["low"], row["high"], sign=True) if not _missing(row["r"]) else "–"
        ps = (chance(row["p_adjusted"]), number(row["rho"], sign=True), chance(row["rho_p_adjusted"]))
        rows.append((row["contrast"], measure, f"{row['tasks']}", r, *ps, row["note"]))
        if tested and row["p_adjusted"] < 0.05:
            side = "more" if row["r"] > 0 else "less"
            sentences.append(
                f"- {row['contrast']} gains {side} on tasks of greater {measure}: r = {r} over {row['tasks']} tasks, "
                f"p adjusted {chance(row['p_adjusted'])}. A correlation over tasks is not a cause."
            )
    if not sentences and not found.correlations["p"].isna().all():
        most = found.correlations["tasks"].max()
        sentences = [
            f"- Over {most} tasks no gain goes with any complexity measure beyond chance (adjusted p of 0.05 or more "
            "in every row). That does not show that they are unrelated: see the intervals."
        ]
    text = [
        "## Gain and the tasks' own complexity (descriptive)",
        "",
        "Each point is a task: its mean gain, its Conditions averaged seed by seed, against a measure of its own "
        f"boundary that no network entered. p adjusted by Holm over the {len(rows)} rows.",
        "",
        *sentences,
        *([""] if sentences else []),
    ]
    return [*text, *table(HEADS, rows, "complexity.csv")]


def _missing(value: float | None) -> bool:
    return value is None or math.isnan(value)
