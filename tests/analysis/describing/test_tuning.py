"""Candidates, their confirmation's plan and the race: rules fixed before anything is looked at."""

from dataclasses import replace

import numpy
import pandas
import pytest

from analysis.describing.tuning import (
    candidates,
    lower_bound_of,
    mean_of,
    outcomes_of,
    plan_confirmation,
    still_racing,
    tuned,
)
from analysis.judging.selection import best_of_m_bias
from analysis.statistics.bounded_mean import bounded_mean
from analysis.statistics.significance import paired_t
from spectra_tune.design import SPLIT_METRICS, NotComparable, Seeds, condition_signature
from spectra_tune.launching.configuration_batch import ConfigurationBatch
from tests.tools.searching import STUDY, answered

OUTCOMES = {0: [0.80, 0.79, 0.815], 1: [0.95, 0.75, 0.85], 2: [0.84, 0.83, 0.85], 3: [0.8401, 0.8299, 0.8499]}


def searched(outcomes=OUTCOMES, of_none=OUTCOMES) -> pandas.DataFrame:
    """Search rows of both strata and sides with these outcomes by configuration and seed."""
    parts = []
    for stratum in range(2):
        for arm, by_number in (("penalty", outcomes), ("none", of_none)):
            for number, values in by_number.items():
                batch = ConfigurationBatch(
                    stratum=stratum,
                    arm=arm,
                    values={number: {"learning_rate": number + 1.0}},
                    repeats={},
                    seeds=(0, 1, 2),
                )
                parts.append(answered(batch, lambda _, seed, values=values: values[seed]))
    return pandas.concat(parts, ignore_index=True)


def test_the_best_lower_bound_is_sent_not_the_best_mean():
    for one in candidates(STUDY, searched()):
        assert one.configuration == 2
        assert one.mean == pytest.approx(84)
        known = bounded_mean([84.0, 83.0, 85.0], (0.0, 100.0))
        assert (one.low, one.high) == pytest.approx((known.low, known.high))
        assert one.values["learning_rate"] == 3.0
        assert one.tried == one.distinct == 4
        assert (one.runs, one.epochs) == (12, 72)


def test_all_that_cannot_be_told_from_the_best_are_listed():
    near = candidates(STUDY, searched())[0].near_best
    assert near == (1, 2, 3)


def test_ties_go_to_the_lower_number():
    same = {3: [0.8, 0.9, 0.85], 1: [0.8, 0.9, 0.85], 2: [0.1, 0.2, 0.3]}
    assert candidates(STUDY, searched(same))[0].configuration == 1


def test_a_run_that_did_not_end_well_counts_as_the_constant():
    rows = searched()
    rows.loc[(rows["configuration"] == 2) & (rows["seed"] == 0), ["status", "validation_accuracy"]] = [
        "diverged",
        numpy.nan,
    ]
    table = outcomes_of(rows[(rows["arm"] == "none") & (rows.index < 24)], "validation_accuracy")
    assert table.loc[2, 0] == 50.0
    assert candidates(STUDY, rows)[0].configuration != 2


def test_what_was_stopped_is_no_candidate():
    rows = searched()
    rows.loc[rows["configuration"] == 2, "status"] = "stopped"
    assert candidates(STUDY, rows)[0].configuration == 3
    with pytest.raises(NotComparable, match="nothing to confirm"):
        candidates(STUDY, rows.assign(status="stopped"))


def test_the_plan_takes_the_first_seeds_of_the_pool():
    spread = {0: [0.90, 0.70, 0.80]}
    planned = plan_confirmation(STUDY, searched(spread, {0: [0.80, 0.80, 0.80]}))
    assert planned.seeds == STUDY.seeds.confirm
    assert planned.needed > 12
    assert planned.sd > 10
    calm = plan_confirmation(STUDY, searched({0: [0.9, 0.9, 0.9]}, {0: [0.8, 0.8, 0.8]}))
    assert calm.seeds == STUDY.seeds.confirm[:10]
    few = replace(STUDY, seeds=Seeds(search=range(3), confirm=[7, 5]))
    assert plan_confirmation(few, searched()).seeds == (7, 5)


def test_a_promise_stands_beside_what_was_kept():
    planned = plan_confirmation(STUDY, searched({0: [0.9, 0.9, 0.9]}, {0: [0.8, 0.8, 0.8]}))
    first, second = (condition_signature(condition) for condition in STUDY.conditions)
    kept, lost = tuned(STUDY, planned, {(first, "none"): 2.5, (second, "none"): None})
    assert kept.promised == pytest.approx(10)
    assert kept.shrinkage == pytest.approx(0.75)
    assert lost.shrinkage is None


@pytest.mark.parametrize(("of_penalty", "kept"), [([0.82, 0.80, 0.81], None), ([0.83, 0.84, 0.845], 0.5)])
def test_of_a_promise_within_noise_no_share_is_kept(of_penalty, kept):
    """A promise of a tenth of a point, of which a confirmed loss of a point would have "kept" -913 %."""
    planned = plan_confirmation(STUDY, searched({0: of_penalty}, {0: [0.80, 0.81, 0.815]}))
    first = condition_signature(STUDY.conditions[0])
    found = tuned(STUDY, planned, {(first, "none"): 0.01})[0]
    promised = 100 * (sum(of_penalty) - 2.425) / 3
    assert found.promised == pytest.approx(promised)
    assert found.within_noise == (kept is None)
    again = tuned(STUDY, planned, {(first, "none"): promised / 2})[0]
    assert again.shrinkage == (None if kept is None else pytest.approx(kept))


def test_no_candidate_s_interval_is_beyond_what_its_metric_can_be():
    """The t interval of the first is 99.17 [97.05, 101.28], that of the second 99.83 [99.12, 100.55]."""
    for values in ([0.985, 0.99, 1.0], [0.995, 1.0, 1.0], [1.0, 1.0, 1.0]):
        one = candidates(STUDY, searched({0: values}))[0]
        assert one.low <= one.mean <= one.high <= 100
        assert (one.low < one.mean) == (min(values) < 1)


def test_a_candidate_is_chosen_by_the_end_of_an_interval_that_its_metric_can_have():
    """A t interval of the first is [98.23, 101.10]: by its lower end it would win against 97.12."""
    runs = searched({0: [1.0, 0.99, 1.0], 1: [0.98, 0.975, 0.98]})
    assert paired_t([1.0, 0.99, 1.0]).low > paired_t([0.98, 0.975, 0.98]).low
    chosen = candidates(STUDY, runs)
    assert [one.configuration for one in chosen if one.arm == "penalty"] == [1, 1]
    assert candidates(STUDY, runs.sample(frac=1, random_state=3)) == chosen


def test_what_was_confirmed_is_not_chosen_again():
    runs = searched()
    confirmed = runs[(runs["configuration"] == 3) & (runs["arm"] == "penalty")].assign(stage="confirm")
    by_arm = {one.arm: one.configuration for one in plan_confirmation(STUDY, runs, confirmed).candidates}
    assert by_arm == {"penalty": 3, "none": 2}
    assert "best worse end" in plan_confirmation(STUDY, runs).rule


@pytest.mark.parametrize(("better", "name"), [(1, "accuracy"), (-1, "mse")])
def test_objectives(better, name):
    assert mean_of([1.0, 2.0, 6.0]) == 3.0
    metric = SPLIT_METRICS[f"test_{name}"].metric
    signed = [better * value for value in (0.2, 0.3, 0.7)]
    known = bounded_mean([0.2, 0.3, 0.7], metric.bounds)
    worse = known.low if better > 0 else -known.high
    assert lower_bound_of(signed, metric) == pytest.approx(worse)


def test_a_race_eliminates_what_is_worse_or_cannot_matter_and_never_the_best():
    generator = numpy.random.default_rng(3)
    noise = generator.normal(0, 0.5, 12)
    best = 90 + noise
    outcomes = {
        0: best - 3 + generator.normal(0, 0.3, 12),
        1: best,
        2: best + generator.normal(0, 0.02, 12) - 0.01,
        3: best + generator.normal(0, 5, 12) - 0.4,
    }
    stay = still_racing(outcomes, margin=1.0)
    assert 0 not in stay
    assert 2 not in stay  # equivalent
    assert 3 in stay  # open
    assert 1 in stay
    assert still_racing({0: [1.0, 1.0, 1.0], 1: [1.0, 1.0, 1.0]}, margin=1.0) == [0]
    assert still_racing({0: [1.0], 1: [0.0]}, margin=1.0) == [0, 1]


def test_a_race_hardly_ever_loses_a_configuration_that_is_better_by_more_than_the_margin(simulations):
    generator, lost, races = numpy.random.default_rng(8), 0, simulations(2000)
    for _ in range(races):
        field = generator.normal(0, 1, (6, 15)) + numpy.array([3.0, 0, 0, 0, 0, 0])[:, None]
        alive = list(range(6))
        for seeds in range(3, 16):
            alive = still_racing({number: field[number, :seeds] for number in alive}, margin=1.0)
        lost += 0 not in alive
    assert lost / races <= 0.1


def test_tuning_both_sides_alike_promises_nothing_where_nothing_is_there(simulations):
    """Best of 20 on 5 seeds promises 0.67 pp to one side alone; a difference of two such bests is 0 on average."""
    generator, promised, alone = numpy.random.default_rng(5), [], []
    assert best_of_m_bias(20, 5, 0.8) == pytest.approx(0.668, abs=0.001)
    for _ in range(simulations(3000)):
        sides = generator.normal(90, 0.8, (2, 20, 5)).mean(axis=2).max(axis=1)
        promised.append(sides[0] - sides[1])
        alone.append(sides[0] - 90)
    assert abs(numpy.mean(promised)) < 4 * numpy.std(promised) / len(promised) ** 0.5
    assert numpy.mean(alone) == pytest.approx(0.668, abs=0.1)
