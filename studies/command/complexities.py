"""How hard a study's tasks are, as columns of its run table."""

import math

from spectra_tune.design import Study, called
from spectra_tune.results import COMPLEXITY, Tables


def with_complexities(study: Study, tables: Tables) -> Tables:
    """The tables with each task's own complexity beside its runs, where the study asks for it."""
    if not study.complexity:
        return tables
    from spectra_tune.geometry.complexity import complexity  # loads scikit-learn

    by_task = {called(task): complexity(task) for task in dict.fromkeys(one.task for one in study.conditions)}
    runs = tables.runs
    for column in COMPLEXITY:
        measured = {task: _or_nan(getattr(of, column.removeprefix("complexity_"))) for task, of in by_task.items()}
        runs = runs.assign(**{column: runs["task"].map(measured).astype(float)})
    return tables._replace(runs=runs)


def _or_nan(value: float | None) -> float:
    return math.nan if value is None else value
