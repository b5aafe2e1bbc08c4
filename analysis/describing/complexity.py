"""Whether what a treatment gains depends on how complex a task's own boundary is."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pandas
from scipy import stats

from analysis.describing.across_tasks import by_task
from analysis.judging.contrasts import Judged
from analysis.statistics.correlation import correlate
from analysis.statistics.estimate import Estimate
from analysis.statistics.significance import holm, paired_t
from spectra_tune.design import Contrast, Study
from spectra_tune.results import COMPLEXITY

COLUMNS = (
    *("contrast", "measure", "tasks", "r", "low", "high", "p", "p_adjusted", "rho", "rho_p", "rho_p_adjusted"),
    *("method", "note"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskGain:
    """A contrast's mean gain on one task, in the outcome's unit, and the task's complexity by measure (NaN: none)."""

    contrast: Contrast
    task: str
    gain: Estimate
    complexity: dict[str, float]


def task_complexities(runs: pandas.DataFrame) -> dict[str, dict[str, float]]:
    """The complexity measures of each task of a run table; empty where it has no such columns."""
    if any(name not in runs for name in COMPLEXITY):
        return {}
    once = runs.drop_duplicates("task").set_index("task")
    return {str(task): {name: float(row[name]) for name in COMPLEXITY} for task, row in once.iterrows()}


def task_gains(study: Study, runs: pandas.DataFrame, judged: Sequence[Judged]) -> list[TaskGain]:
    """The mean gain of each contrast on each task whose complexity is known, with a 95 % t interval over seeds."""
    complexities = task_complexities(runs)
    if len(complexities) < 2:
        return []
    return [
        TaskGain(contrast=contrast, task=task, gain=paired_t(d), complexity=complexities[task])
        for contrast in study.contrasts
        for task, d in by_task(study, judged, contrast).items()
        if task in complexities
    ]


def correlation_table(study: Study, gains: Sequence[TaskGain]) -> pandas.DataFrame:
    """A row per contrast and complexity measure: correlation over tasks of the mean gain with the measure.

    r, low, high, p: Pearson's with its exact interval; rho: Spearman's with the p of Pearson's test on ranks, without
    an interval. p_adjusted: Holm over all rows, refused ones included, each test a family of its own. Below five tasks
    there is no p; note says why. Tasks on which a measure is not defined are left out of its rows.
    """
    rows = []
    for contrast in study.contrasts if gains else ():
        of_contrast = [one for one in gains if one.contrast == contrast]
        for measure in COMPLEXITY:
            known = [one for one in of_contrast if math.isfinite(one.complexity[measure])]
            x, y = ([one.complexity[measure] for one in known], [one.gain.estimate or 0.0 for one in known])
            by_value, by_rank = correlate(x, y), correlate(stats.rankdata(x), stats.rankdata(y))
            rows.append(
                {
                    "contrast": str(contrast),
                    "measure": measure,
                    "tasks": len(known),
                    "r": by_value.estimate,
                    "low": by_value.low,
                    "high": by_value.high,
                    "p": by_value.p,
                    "rho": by_rank.estimate,
                    "rho_p": by_rank.p,
                    "method": by_value.method,
                    "note": by_value.reason,
                }
            )
    table = pandas.DataFrame.from_records(rows, columns=list(COLUMNS))
    for name in ("p", "rho_p"):
        table[name] = table[name].astype(float)
        table[f"{name}_adjusted"] = holm(table[name].to_numpy())
    return table
