"""The whole pipeline on arms that differ in nothing, and on arms with a planted difference.

Blocks train, tracking records and gives back, matching pairs, verdicts judge: nothing is simulated but the plant.
"""

from dataclasses import replace

import numpy
import pytest

from analysis.describing.error_rates import error_rates
from analysis.statistics.planning import power
from spectra_tune import tracking
from spectra_tune.design import Seeds, condition_signature
from spectra_tune.engine import run_block
from spectra_tune.results import Tables, curve_table, figure_table
from studies.aa_control import STUDY
from tests.analysis.statistics.test_calibration import band

pytestmark = pytest.mark.integration

SEEDS_EACH = 10


@pytest.fixture(scope="module")
def study(simulations):
    return replace(STUDY, seeds=Seeds(confirm=range(1000, 1000 + SEEDS_EACH * simulations(400))))


@pytest.fixture(scope="module")
def runs(study, tmp_path_factory):
    """The study's run table as tracking gives it back."""
    uri = f"sqlite:///{tmp_path_factory.mktemp('aa')}/mlflow.db"
    (block,) = study.blocks()
    trained = run_block(block)
    tracker = tracking.Tracker.begin(
        "aa_control", study, uri, labels=study.labels(), description="", parameters={}, tags={}
    )
    tracker.add([block])
    children = {(condition_signature(block.condition), name): {} for name, _ in study.arms}
    tracker.finish(
        Tables(trained, curve_table({}), figure_table({})),
        outcome="test_accuracy",
        summaries=children,
        tags=children,
        parent_metrics={},
        description="",
        artifacts={},
    )
    return tracking.read_tables("aa_control", uri).runs


def test_equal_treatments_are_told_apart_no_more_often_than_alpha_allows(study, runs):
    found = error_rates(study, runs, SEEDS_EACH)
    assert [str(one.contrast) for one in found] == ["none again − none", "static again − static"]
    for one in found:
        assert one.rate.n == len(study.seeds.confirm) // SEEDS_EACH
        assert one.rate.estimate <= band(study.outcome.alpha, one.rate.n)[1]


def test_what_is_called_a_repetition_is_trained_anew(runs):
    digests = {draw: runs.pivot(index="seed", columns="arm", values=f"{draw}_digest") for draw in ("data", "init")}
    assert (digests["data"]["static again"] == digests["data"]["none"]).all()
    assert (digests["init"]["static"] == digests["init"]["none"]).all()
    assert (digests["init"]["static again"] == digests["init"]["none again"]).all()
    assert (digests["init"]["static again"] != digests["init"]["static"]).all()


def test_a_planted_difference_is_found_with_the_planned_power(study, runs):
    wide = runs.pivot(index="seed", columns="arm", values="test_accuracy")
    sd = 100 * float((wide["static again"] - wide["static"]).std())
    alpha = study.outcome.alpha / study.tests
    effect = next(pp for pp in numpy.arange(0.1, 20, 0.1) if power(SEEDS_EACH, pp, sd, alpha) >= 0.9)
    planted = runs.copy()
    again = planted["arm"] == "static again"
    planted.loc[again, "test_accuracy"] += effect / 100
    assert planted["test_accuracy"].max() <= 1
    null, found = error_rates(study, planted, SEEDS_EACH)
    planned = power(SEEDS_EACH, effect, sd, alpha)
    assert found.rate.estimate >= band(planned, found.rate.n)[0]
    assert null.rate.estimate <= band(study.outcome.alpha, null.rate.n)[1]
