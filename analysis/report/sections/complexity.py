"""Whether gains depend on how complex the tasks' own boundaries are."""

import math

from analysis.figures import gain_and_complexity
from analysis.report.elements.findings import Findings
from analysis.report.elements.markdown import literal
from analysis.report.elements.section import Picture, Section
from analysis.report.elements.table import table
from analysis.report.elements.words import chance, number, with_interval

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


def section(found: Findings) -> Section | None:
    """A row per contrast and complexity measure; nothing where tasks have no complexity."""
    if found.correlations.empty:
        return None
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
                f"- {literal(row['contrast'])} gains {side} on tasks of greater {measure}: r = {r} over "
                f"{row['tasks']} tasks, p adjusted {chance(row['p_adjusted'])}. A correlation over tasks is not a "
                "cause."
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
    picture = Picture(
        draw=lambda: gain_and_complexity(found.task_gains, found.arms, found.metric),
        shows="Mean gain on each task with its 95 % interval, against measures of the task's own boundary"
        + found.shown.note,
    )
    return Section(
        lines=[*text, *table(HEADS, rows, "complexity.csv")],
        tables={"complexity": found.correlations},
        pictures={"complexity": picture},
    )


def _missing(value: float | None) -> bool:
    return value is None or math.isnan(value)
