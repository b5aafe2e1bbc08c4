"""What a contrast gains on average over the study's tasks."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy
import pandas

from analysis.describing.gains_by_seed import gains_by_seed
from analysis.judging.contrasts import Judged
from analysis.statistics.pooling import Pooled, across_tasks
from spectra_tune.design import Contrast, Study


@dataclass(frozen=True, slots=True, kw_only=True)
class PooledContrast:
    """A contrast's mean gain over the study's tasks."""

    contrast: Contrast
    pooled: Pooled


def by_task(study: Study, judged: Sequence[Judged], contrast: Contrast) -> dict[str, numpy.ndarray]:
    """A contrast's gains on each task, one per seed: a task's Conditions are averaged seed by seed.

    In the outcome's unit. Tasks with fewer than two seeds are left out, and so are all of a contrast that spans epochs.
    """
    if "epochs" in contrast.differs:
        return {}
    parts: dict[str, list[pandas.Series]] = {}
    for condition, series in gains_by_seed(judged, contrast, study.conditions):
        parts.setdefault(str(condition.task), []).append(series)
    means = {task: pandas.concat(of_task, axis=1, join="inner").mean(axis=1) for task, of_task in parts.items()}
    return {task: d.to_numpy() for task, d in means.items() if len(d) >= 2}


def over_tasks(study: Study, judged: Sequence[Judged]) -> list[PooledContrast]:
    """Each contrast's mean gain over tasks, of a study of several; a task's Conditions are averaged seed by seed."""
    if len({str(condition.task) for condition in study.conditions}) < 2:
        return []
    found = []
    for contrast in study.contrasts:
        means = by_task(study, judged, contrast)
        if len(means) >= 2:
            found.append(PooledContrast(contrast=contrast, pooled=across_tasks(means)))
    return found
