"""Searches of sides: what is suggested depends on results only, not on who answered first."""

import itertools
import random
from dataclasses import replace

import numpy
import pytest
from optuna.trial import TrialState
from ray import tune

from analysis.describing.tuning import mean_of
from spectra_tune.design import Attack, Outcome, Seeds, Study
from spectra_tune.engine import parameter_count
from spectra_tune.launching.configuration_batch import ConfigurationBatch
from spectra_tune.launching.side_search import SideSearch
from tests.tools.searching import STUDY, answered, margin, near_two, searching


def side(study=STUDY, arm="penalty", stratum=0, most=8) -> SideSearch:
    return SideSearch(study, [stratum], arm, mean_of, margin, most)


def finished(one: SideSearch, study=STUDY, outcome=near_two, order=None) -> list[ConfigurationBatch]:
    """All batches of a side, answered in an order of its own within each round."""
    batches = []
    while not one.finished:
        waiting = list(iter(one.next, None))
        batches += waiting
        if order is not None:
            order.shuffle(waiting)
        for batch in waiting:
            one.close(batch, answered(batch, outcome, study))
    return batches


def suggested(batches) -> dict:
    return {number: values for batch in batches for number, values in batch.values.items()}


@pytest.mark.parametrize("sampler", ["tpe", "gp", "nsga2", "random"])
def test_equal_searches_suggest_equal_configurations_whoever_answers_first(sampler):
    study = searching(sampler=sampler, configurations=20, batch=10)
    one, other = (finished(side(study, most=most), study, order=random.Random(most)) for most in (8, 3))
    assert suggested(one) == suggested(other)
    assert sorted(suggested(one)) == list(range(20))
    assert {len(batch.values) for batch in one} == {8, 2}


def test_strata_sides_and_seeds_are_searched_independently():
    study = searching(sampler="random")
    several = [
        finished(side(study)),
        finished(side(study, stratum=1)),
        finished(side(searching(sampler="random", seed=1))),
    ]
    several.append(finished(side(study, arm="none")))
    rates = [[values["learning_rate"] for values in suggested(batches).values()] for batches in several]
    assert all(one != other for one, other in itertools.combinations(rates, 2))


def test_the_baseline_tunes_the_nuisance_factors_only():
    assert {frozenset(values) for values in suggested(finished(side(arm="none"))).values()} == {
        frozenset({"learning_rate"})
    }


def test_tpe_learns_from_what_it_is_told():
    study = searching(configurations=60, batch=6)
    batches = finished(side(study), study)
    ends = [values["sigma_end"] for _, values in sorted(suggested(batches).items())]
    assert numpy.mean(numpy.abs(numpy.array(ends[40:]) - 2)) < 0.6 * numpy.mean(numpy.abs(numpy.array(ends[:12]) - 2))


def test_a_sampler_is_told_the_outcome_that_is_selected_by():
    robust = replace(STUDY, outcome=Outcome(metric="test_robust_accuracy", attack=Attack(norm="l2", epsilon=0.1)))
    one = side(robust)
    batch = one.next()
    assert batch is not None
    runs = answered(batch, near_two, robust)
    one.close(batch, runs.assign(validation_robust_accuracy=1 - runs["validation_accuracy"]))
    lowest = runs.groupby("configuration")["validation_accuracy"].mean().min()
    assert one.best_in(0) == pytest.approx(1 - lowest)


def both_sizes(most=8) -> tuple[SideSearch, Study]:
    study = searching(sampler="nsga2", configurations=100, batch=5)
    return SideSearch(study, [0, 1], "penalty", mean_of, margin, most), study


def test_nsga2_searches_outcome_against_parameters_with_equal_means_for_every_size():
    one, study = both_sizes()
    batches = finished(one, study, order=random.Random(0))
    numbers = {stratum: suggested(batch for batch in batches if batch.stratum == stratum) for stratum in (0, 1)}
    for stratum, of_size in numbers.items():
        again = [number for batch in batches if batch.stratum == stratum for number in batch.repeats]
        assert sorted((*of_size, *again)) == list(range(100))
    assert one.done_in(0) == one.done_in(1) == 100
    trials = one._suggest.study.trials
    assert {trial.state for trial in trials} == {TrialState.COMPLETE}
    sizes = [parameter_count(condition.network, condition.task) for condition in study.conditions]
    assert {trial.values[1] for trial in trials[0::2]} == {sizes[0]}
    assert {trial.values[1] for trial in trials[1::2]} == {sizes[1]}
    ends = [values["sigma_end"] for of_size in numbers.values() for values in list(of_size.values())[-20:]]
    early = [values["sigma_end"] for of_size in numbers.values() for values in list(of_size.values())[:20]]
    assert numpy.median(numpy.abs(numpy.array(ends) - 2)) < 0.6 * numpy.median(numpy.abs(numpy.array(early) - 2))
    other, _ = both_sizes(most=3)
    assert [values for _, values in sorted(suggested(finished(other, study)).items())] == [
        values for _, values in sorted(suggested(batches).items())
    ]


def test_a_configuration_that_diverged_or_failed_is_told_as_the_constant():
    one = side(searching(configurations=3, batch=3))
    for batch in iter(one.next, None):
        rows = answered(batch, near_two).assign(status=["ok"] * 3 + ["diverged"] * 3 + ["failed"] * 3)
        one.close(batch, rows.assign(validation_accuracy=rows["validation_accuracy"].where(rows["status"] == "ok")))
    first, *others = one._suggest.study.trials
    assert first.value > 0.7
    assert [(trial.state, trial.value) for trial in others] == [(TrialState.COMPLETE, 0.5)] * 2


def test_where_less_is_better_the_sampler_is_told_the_negative_and_the_least_is_the_best():
    study = replace(searching(configurations=3, batch=3), outcome=Outcome(metric="test_loss"))
    one, means = side(study), []
    for batch in iter(one.next, None):
        rows = answered(batch, near_two, study).rename(columns=lambda name: name.replace("accuracy", "loss"))
        means += rows.groupby("configuration")["validation_loss"].mean().to_list()
        one.close(batch, rows)
    assert [trial.value for trial in one._suggest.study.trials] == pytest.approx([-mean for mean in means])
    assert one.best_in(0) == pytest.approx(min(means))


def test_no_optuna_trial_stays_running():
    one = side()
    finished(one)
    states = {trial.state for trial in one._suggest.study.trials}
    assert states == {TrialState.COMPLETE}


def test_a_configuration_that_came_before_is_not_trained_again():
    space = {"sigma_end": tune.choice([1.0, 2.0])}
    study = searching(treatment_space=space, nuisance_space={}, sampler="random", configurations=12, batch=4)
    one = side(study)
    batches = finished(one, study)
    assert len(suggested(batches)) == 2
    repeats = {number: first for batch in batches for number, first in batch.repeats.items()}
    assert sorted((*suggested(batches), *repeats)) == list(range(12))
    assert one.done_in(0) == 12
    baseline = finished(side(study, arm="none"), study)
    assert suggested(baseline) == {0: {}}


def test_a_grid_is_taken_point_by_point():
    space = {"sigma_end": tune.choice([1.0, 2.0]), "strength": tune.choice([0.1, 0.2, 0.3])}
    study = searching(treatment_space=space, nuisance_space={}, sampler="grid", configurations=6, batch=6)
    points = {tuple(sorted(values.items())) for values in suggested(finished(side(study), study)).values()}
    assert points == {(("sigma_end", a), ("strength", b)) for a in (1.0, 2.0) for b in (0.1, 0.2, 0.3)}


def test_a_race_spends_seeds_on_those_still_in_it():
    study = searching(sampler="random", scheduler="racing", configurations=8)
    study = replace(study, seeds=Seeds(search=range(16), confirm=range(100, 110)))
    batches = finished(side(study), study)
    seeds = {}
    for batch in batches:
        for number in batch.values:
            seeds[number] = seeds.get(number, ()) + batch.seeds
    assert all(spent == tuple(range(len(spent))) for spent in seeds.values())
    counts = sorted(len(spent) for spent in seeds.values())
    assert counts[0] < 16 == counts[-1], "who wins has run on all seeds"
    values = suggested(batches)
    longest = [number for number in seeds if len(seeds[number]) == counts[-1]]
    nearest = min(values, key=lambda number: abs(values[number]["sigma_end"] - 2))
    assert nearest in longest
