"""A side's front: what nothing of its size or smaller beats."""

from dataclasses import replace

import pandas
import pytest

from analysis.describing.pareto import FrontPoint, fronts, not_dominated
from spectra_tune.design import grid
from spectra_tune.launching.configuration_batch import ConfigurationBatch
from spectra_tune.networks import mlp
from spectra_tune.tasks import circles, moons
from tests.tools.searching import STUDY, answered

OUTCOMES = {0: [[0.80, 0.82, 0.84], [0.70, 0.71, 0.72]], 1: [[0.85, 0.86, 0.84], [0.81, 0.80, 0.82]]}
"""By stratum and configuration, by seed."""


def searched(outcomes, study=STUDY) -> pandas.DataFrame:
    """Search rows of both sides with these outcomes; the second size has four times the parameters."""
    parts = []
    for stratum, of_stratum in outcomes.items():
        for arm in study.sides():
            values = {number: {"learning_rate": number + 1.0} for number in range(len(of_stratum))}
            batch = ConfigurationBatch(stratum=stratum, arm=arm, values=values, repeats={}, seeds=(0, 1, 2))
            rows = answered(
                batch, lambda its, seed, known=of_stratum: known[int(its["learning_rate"]) - 1][seed], study
            )
            parts.append(rows.assign(parameters=100 * 4 ** (stratum % 2)))
    return pandas.concat(parts, ignore_index=True)


def point(parameters, mean, configuration=0) -> FrontPoint:
    return FrontPoint(
        condition="", arm="", configuration=configuration, parameters=parameters, mean=mean, low=mean, high=mean
    )


def test_only_what_is_better_than_all_smaller_ones_is_on_the_front():
    points = [point(30, 80.0), point(10, 70.0), point(20, 75.0), point(20, 76.0), point(40, 80.0), point(50, 79.0)]
    assert [(one.parameters, one.mean) for one in not_dominated(points)] == [(10, 70.0), (20, 76.0), (30, 80.0)]
    assert not_dominated([point(10, 70.0, 2), point(10, 70.0, 1)]) == [point(10, 70.0, 1)]


def test_each_side_has_its_front_over_sizes():
    found = fronts(STUDY, searched(OUTCOMES))
    assert [(one.arm, one.parameters, one.configuration) for one in found] == [
        ("penalty", 100, 0),
        ("penalty", 400, 0),
        ("none", 100, 0),
        ("none", 400, 0),
    ]
    assert found[0].mean == pytest.approx(82)
    assert found[0].low < 82 < found[0].high
    assert found[0].condition == "moons(samples=60), width 4"
    worse = fronts(STUDY, searched({0: OUTCOMES[1], 1: OUTCOMES[0]}))
    assert [(one.arm, one.parameters) for one in worse] == [("penalty", 100), ("none", 100)]


def test_tasks_have_fronts_of_their_own_and_one_size_has_none():
    networks = [mlp(width=4), mlp(width=8)]
    study = replace(STUDY, conditions=grid(task=[moons(samples=60), circles()], network=networks, epochs=[6]))
    rows = searched({**OUTCOMES, 2: OUTCOMES[0], 3: OUTCOMES[1]}, study)
    assert len(fronts(study, rows)) == 8
    assert fronts(replace(STUDY, conditions=STUDY.conditions[:1]), searched({0: OUTCOMES[0]})) == []


def test_what_was_stopped_or_never_made_is_on_no_front():
    rows = searched(OUTCOMES)
    rows.loc[rows["parameters"] == 400, "status"] = "stopped"
    assert {one.parameters for one in fronts(STUDY, rows)} == {100}
    failed = searched(OUTCOMES)
    assert fronts(STUDY, failed.drop(columns="parameters")) == []
    failed.loc[failed["parameters"] == 100, "parameters"] = float("nan")
    assert {one.parameters for one in fronts(STUDY, failed)} == {400}
