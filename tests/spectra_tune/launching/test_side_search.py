"""Rounds: what is suggested depends on results only, not on who answered first."""

import itertools
import pickle
import random
from dataclasses import replace

import numpy
import pytest
from optuna.trial import TrialState
from ray import tune
from ray.tune.search import Searcher

from analysis.describing.tuning import mean_of, still_racing
from spectra_tune.design import Seeds, Study, grid
from spectra_tune.engine import parameter_count
from spectra_tune.launching.configuration_batch import ConfigurationBatch
from spectra_tune.launching.search import LockstepSearcher
from spectra_tune.launching.side_search import SideSearch
from spectra_tune.networks import mlp
from spectra_tune.results import packed
from spectra_tune.tasks import circles, moons
from tests.tools.searching import STUDY, answered, near_two, searching


def margin(outcomes):
    return still_racing(outcomes, 0.01)


def lane(study=STUDY, arm="penalty", stratum=0, pack=8) -> SideSearch:
    return SideSearch(study, [stratum], arm, mean_of, margin, pack)


def finished(one: SideSearch, study=STUDY, outcome=near_two, order=None) -> list[ConfigurationBatch]:
    """All packs of a lane, answered in an order of its own within each round."""
    packs = []
    while not one.finished:
        waiting = list(iter(one.next, None))
        packs += waiting
        if order is not None:
            order.shuffle(waiting)
        for pack in waiting:
            one.close(pack, answered(pack, outcome, study))
    return packs


def suggested(packs) -> dict:
    return {number: values for pack in packs for number, values in pack.values.items()}


@pytest.mark.parametrize("sampler", ["tpe", "gp", "nsga2", "random"])
def test_equal_searches_suggest_equal_configurations_whoever_answers_first(sampler):
    study = searching(sampler=sampler, configurations=20, batch=10)
    one, other = (finished(lane(study, pack=pack), study, order=random.Random(pack)) for pack in (8, 3))
    assert suggested(one) == suggested(other)
    assert sorted(suggested(one)) == list(range(20))
    assert {len(pack.values) for pack in one} == {8, 2}


def test_strata_sides_and_seeds_are_searched_independently():
    study = searching(sampler="random")
    several = [
        finished(lane(study)),
        finished(lane(study, stratum=1)),
        finished(lane(searching(sampler="random", seed=1))),
    ]
    several.append(finished(lane(study, arm="none")))
    rates = [[values["learning_rate"] for values in suggested(packs).values()] for packs in several]
    assert all(one != other for one, other in itertools.combinations(rates, 2))


def test_the_baseline_tunes_the_nuisance_factors_only():
    assert {frozenset(values) for values in suggested(finished(lane(arm="none"))).values()} == {
        frozenset({"learning_rate"})
    }


def test_tpe_learns_from_what_it_is_told():
    study = searching(configurations=60, batch=6)
    packs = finished(lane(study), study)
    ends = [values["sigma_end"] for _, values in sorted(suggested(packs).items())]
    assert numpy.mean(numpy.abs(numpy.array(ends[40:]) - 2)) < 0.6 * numpy.mean(numpy.abs(numpy.array(ends[:12]) - 2))


def both_sizes(pack=8) -> tuple[SideSearch, Study]:
    study = searching(sampler="nsga2", configurations=100, batch=5)
    return SideSearch(study, [0, 1], "penalty", mean_of, margin, pack), study


def test_nsga2_searches_outcome_against_parameters_with_equal_means_for_every_size():
    one, study = both_sizes()
    packs = finished(one, study, order=random.Random(0))
    numbers = {stratum: suggested(pack for pack in packs if pack.stratum == stratum) for stratum in (0, 1)}
    for stratum, of_size in numbers.items():
        again = [number for pack in packs if pack.stratum == stratum for number in pack.repeats]
        assert sorted((*of_size, *again)) == list(range(100))
    assert one.done_in(0) == one.done_in(1) == 100
    trials = one._suggest._search._ot_study.trials
    assert {trial.state for trial in trials} == {TrialState.COMPLETE}
    sizes = [parameter_count(condition.network, condition.task) for condition in study.conditions]
    assert {trial.values[1] for trial in trials[0::2]} == {sizes[0]}
    assert {trial.values[1] for trial in trials[1::2]} == {sizes[1]}
    ends = [values["sigma_end"] for of_size in numbers.values() for values in list(of_size.values())[-20:]]
    early = [values["sigma_end"] for of_size in numbers.values() for values in list(of_size.values())[:20]]
    assert numpy.median(numpy.abs(numpy.array(ends) - 2)) < 0.6 * numpy.median(numpy.abs(numpy.array(early) - 2))
    other, _ = both_sizes(pack=3)
    assert [values for _, values in sorted(suggested(finished(other, study)).items())] == [
        values for _, values in sorted(suggested(packs).items())
    ]


def test_nsga2_shares_a_lane_between_sizes_only():
    study = searching(sampler="nsga2")
    more = grid(task=[moons(samples=60), circles()], network=[mlp(width=4), mlp(width=8)], epochs=[6])
    rounds = LockstepSearcher(replace(study, conditions=more), mean_of, margin, 2)
    assert sorted({one.strata for one in rounds._lanes}) == [(0, 1), (2, 3)]
    alone = LockstepSearcher(replace(STUDY, conditions=more), mean_of, margin, 2)
    assert sorted({one.strata for one in alone._lanes}) == [(0,), (1,), (2,), (3,)]


def test_a_configuration_that_diverged_or_failed_is_told_as_the_constant():
    one = lane(searching(configurations=3, batch=3))
    for pack in iter(one.next, None):
        rows = answered(pack, near_two).assign(status=["ok"] * 3 + ["diverged"] * 3 + ["failed"] * 3)
        one.close(pack, rows.assign(validation_accuracy=rows["validation_accuracy"].where(rows["status"] == "ok")))
    first, *others = one._suggest._search._ot_study.trials
    assert first.value > 0.7
    assert [(trial.state, trial.value) for trial in others] == [(TrialState.COMPLETE, 0.5)] * 2


def test_no_optuna_trial_stays_running():
    one = lane()
    finished(one)
    states = {trial.state for trial in one._suggest._search._ot_study.trials}
    assert states == {TrialState.COMPLETE}


def test_a_configuration_that_came_before_is_not_trained_again():
    space = {"sigma_end": tune.choice([1.0, 2.0])}
    study = searching(treatment_space=space, nuisance_space={}, sampler="random", configurations=12, batch=4)
    one = lane(study)
    packs = finished(one, study)
    assert len(suggested(packs)) == 2
    repeats = {number: first for pack in packs for number, first in pack.repeats.items()}
    assert sorted((*suggested(packs), *repeats)) == list(range(12))
    assert one.done_in(0) == 12
    baseline = finished(lane(study, arm="none"), study)
    assert suggested(baseline) == {0: {}}


def test_a_grid_is_taken_point_by_point():
    space = {"sigma_end": tune.choice([1.0, 2.0]), "strength": tune.choice([0.1, 0.2, 0.3])}
    study = searching(treatment_space=space, nuisance_space={}, sampler="grid", configurations=6, batch=6)
    points = {tuple(sorted(values.items())) for values in suggested(finished(lane(study), study)).values()}
    assert points == {(("sigma_end", a), ("strength", b)) for a in (1.0, 2.0) for b in (0.1, 0.2, 0.3)}


def test_a_race_spends_seeds_on_those_still_in_it():
    study = searching(sampler="random", scheduler="racing", configurations=8)
    study = replace(study, seeds=Seeds(search=range(16), confirm=range(100, 110)))
    packs = finished(lane(study), study)
    seeds = {}
    for pack in packs:
        for number in pack.values:
            seeds[number] = seeds.get(number, ()) + pack.seeds
    assert all(spent == tuple(range(len(spent))) for spent in seeds.values())
    counts = sorted(len(spent) for spent in seeds.values())
    assert counts[0] < 16 == counts[-1], "who wins has run on all seeds"
    values = suggested(packs)
    longest = [number for number in seeds if len(seeds[number]) == counts[-1]]
    nearest = min(values, key=lambda number: abs(values[number]["sigma_end"] - 2))
    assert nearest in longest


@pytest.mark.parametrize("sampler", ["tpe", "nsga2"])
def test_a_search_that_is_saved_in_the_middle_goes_on_as_if_it_had_not_been(tmp_path, sampler):
    study = searching(sampler=sampler)

    def run(save_after):
        rounds, configs, trial = LockstepSearcher(study, mean_of, margin, 2), [], 0
        while (config := rounds.suggest(f"{trial}")) != Searcher.FINISHED:
            pack = ConfigurationBatch.of(config)
            configs.append(config)
            assert pack.config() == config
            rounds.on_trial_complete(f"{trial}", {"runs": packed(answered(pack, near_two))})
            trial += 1
            if trial == save_after:
                rounds.save(str(tmp_path / "state"))
                rounds = pickle.loads(pickle.dumps(LockstepSearcher(study, mean_of, margin, 2)))
                rounds.restore(str(tmp_path / "state"))
        return configs

    assert run(None) == run(3)
