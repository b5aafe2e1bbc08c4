"""A task counts once in the mean over tasks."""

from dataclasses import replace

import numpy
import pytest

from analysis.describing.across_tasks import over_tasks
from analysis.judging.contrasts import judge_study
from analysis.statistics.significance import paired_t
from spectra_tune.tasks import circles, moons


def test_a_task_counts_once_however_many_conditions_it_has(study, judged, differences):
    (found,) = over_tasks(study, judged)  # not the contrast that spans epochs
    by_task = [
        numpy.mean([differences(condition) for condition in study.conditions if condition.task == task])
        for task in (moons(samples=60), circles(samples=60))
    ]
    assert found.pooled.n == 2
    assert found.pooled.estimate == pytest.approx(numpy.mean(by_task))
    assert found.pooled.p == pytest.approx(paired_t(by_task).p)
    assert found.pooled.suffix == "(2 tasks; no general claim)"


def test_one_task_is_not_pooled(study, runs):
    alone = replace(study, conditions=study.conditions[:3])
    assert over_tasks(alone, judge_study(alone, runs)) == []
