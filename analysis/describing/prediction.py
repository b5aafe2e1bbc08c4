"""Whether a task's complexity predicts its best width and its best sigma target, on tasks that were left out."""

import math
from collections.abc import Mapping
from typing import Any

import numpy
import pandas
from numpy import ndarray
from scipy import stats

from analysis.describing.complexity import task_complexities
from analysis.statistics.significance import holm, paired_t, sign_flip
from spectra_tune.design import Study, condition_signature
from spectra_tune.results import COMPLEXITY, scored

FEWEST_TASKS = 8

COLUMNS = (
    *("predicted", "measure", "tasks", "regret", "regret_of_constant", "difference", "low", "high"),
    *("p", "p_adjusted", "note"),
)

TASK_COLUMNS = (
    *("predicted", "measure", "task", "complexity", "best_on_validation", "prediction", "constant", "best_on_test"),
    *("regret", "regret_of_constant"),
)


def predictions(study: Study, runs: pandas.DataFrame) -> pandas.DataFrame:
    """A row per predicted quantity ("width" of the arm none, "sigma_end" of static arms), measure and task.

    One task is left out at a time; log2 of the value that is best on validation data is fitted by a line in the log of
    one complexity measure on the others, and what the line says is rounded to the nearest value of the grid. constant:
    the value that is best on average over these other tasks' validation data. Regret: how far test data's mean there
    is worse than that of the best value, in the outcome's unit. Targets are averaged over widths. Tasks on which a
    measure is not a number above 0 are left out of its rows; with fewer than 8 left there are none.
    """
    complexities, rows = task_complexities(runs), []
    for name, (grid, validation, test) in _scores(study, runs).items():
        for measure in COMPLEXITY:
            tasks = [task for task in validation if complexities.get(task, {}).get(measure, math.nan) > 0]
            if len(tasks) < FEWEST_TASKS:
                continue
            x = numpy.log([complexities[task][measure] for task in tasks])
            on_validation, on_test = (numpy.array([table[task] for task in tasks]) for table in (validation, test))
            logs = numpy.log2(grid)
            best = logs[on_validation.argmax(axis=1)]
            for at, task in enumerate(tasks):
                others = numpy.arange(len(tasks)) != at
                told = int(numpy.abs(logs - _line_at(x[others], best[others], x[at])).argmin())
                constant = int(on_validation[others].mean(axis=0).argmax())
                regret = on_test[at].max() - on_test[at]
                values = (
                    *(name, measure, task, complexities[task][measure], grid[on_validation[at].argmax()]),
                    *(grid[told], grid[constant], grid[on_test[at].argmax()], regret[told], regret[constant]),
                )
                rows.append(dict(zip(TASK_COLUMNS, values, strict=True)))
    return pandas.DataFrame.from_records(rows, columns=list(TASK_COLUMNS))


def prediction_table(study: Study, runs: pandas.DataFrame, predicted: pandas.DataFrame) -> pandas.DataFrame:
    """A row per predicted quantity and measure: mean regrets and their difference, prediction - constant.

    In the outcome's unit. low, high: 95 % t interval; p: exact sign flip over tasks, adjusted by Holm over all rows.
    Below 0 the prediction is better. Folds share training tasks, so both are approximate. note: why there is no number.
    """
    complexities, rows = task_complexities(runs), []
    for name, (_, validation, _) in _scores(study, runs).items():
        for measure in COMPLEXITY:
            known = sum(complexities.get(task, {}).get(measure, math.nan) > 0 for task in validation)
            row = {"predicted": name, "measure": measure, "tasks": known, "p": math.nan, "note": ""}
            chosen = predicted[(predicted["predicted"] == name) & (predicted["measure"] == measure)]
            if chosen.empty:
                rows.append(row | {"note": f"{known} tasks with this measure: at least {FEWEST_TASKS} are needed"})
                continue
            regrets = {column: chosen[column].to_numpy(dtype=float) for column in ("regret", "regret_of_constant")}
            d = regrets["regret"] - regrets["regret_of_constant"]
            t = paired_t(d)
            row |= {column: float(values.mean()) for column, values in regrets.items()}
            rows.append(row | {"difference": t.estimate, "low": t.low, "high": t.high, "p": sign_flip(d).p})
    table = pandas.DataFrame.from_records(rows, columns=list(COLUMNS))
    table["p_adjusted"] = holm(table["p"].to_numpy(dtype=float))
    return table


def _line_at(x: ndarray, y: ndarray, at: float) -> float:
    """The least-squares line of the points at a further x; their mean where x does not vary."""
    if float(numpy.ptp(x)) <= 1e-12:
        return float(y.mean())
    line: Any = stats.linregress(x, y)
    return float(line.intercept + line.slope * at)


Scores = tuple[ndarray, dict[str, ndarray], dict[str, ndarray]]
"""A rising grid of values, and each task's mean validation and test outcome on it, in its unit; more is better."""


def _scores(study: Study, runs: pandas.DataFrame) -> dict[str, Scores]:
    """Of each quantity that the study has several values of; nothing where tasks have no complexity."""
    if study.search is not None or not task_complexities(runs):
        return {}
    width_of = {
        condition_signature(condition): getattr(condition.network, "width", None) for condition in study.conditions
    }
    widths = runs["condition_signature"].map(width_of)
    found = {"width": _means(study, runs[runs["arm"] == "none"], widths)}
    targets = _static_targets(study)
    found["sigma_end"] = _means(study, runs[runs["arm"].isin(list(targets))], runs["arm"].map(targets))
    return {name: scores for name, scores in found.items() if scores is not None}


def _static_targets(study: Study) -> Mapping[str, float]:
    """Target by arm of the static arms that differ in nothing else; of several such groups, the largest."""
    groups: dict[object, dict[str, float]] = {}
    for name, arm in study.arms:
        treatment = arm.treatment
        if treatment.schedule == "static" and treatment.sigma_end is not None and not arm.changes and not arm.stream:
            others = (treatment.strength, treatment.depth_exponent, treatment.one_sided)
            groups.setdefault(others, {})[name] = treatment.sigma_end
    return max(groups.values(), key=len, default={})


def _means(study: Study, rows: pandas.DataFrame, values: pandas.Series) -> Scores | None:
    """Mean outcomes by task and value, of a metric whose less is better turned; None unless all tasks have all of
    two values or more."""
    outcome = study.outcome.measured
    if rows.empty or outcome.on("validation").column not in rows:  # nothing to choose by: of an evaluation, say
        return None
    tables = []
    for one in (outcome.on("validation"), outcome):
        scores = one.metric.sign * one.metric.scale * scored(rows, one.column)
        tables.append(scores.groupby([rows["task"], values.loc[rows.index]]).mean().unstack())
    if tables[0].shape[1] < 2 or any(not numpy.isfinite(table.to_numpy()).all() for table in tables):
        return None
    grid = tables[0].columns.to_numpy(dtype=float)
    validation, test = ({str(task): row.to_numpy(dtype=float) for task, row in table.iterrows()} for table in tables)
    return grid, validation, test
