"""Tune's searcher over all sides: what it groups, what it saves, and whose rows it hears of."""

import pickle
from dataclasses import replace

import pandas
import pytest
from ray.tune.search import Searcher

from analysis.describing.tuning import mean_of
from spectra_tune.design import grid
from spectra_tune.launching.block_store import write_ended
from spectra_tune.launching.configuration_batch import ConfigurationBatch
from spectra_tune.launching.lockstep_searcher import LockstepSearcher
from spectra_tune.networks import mlp
from spectra_tune.tasks import circles, moons
from tests.tools.searching import STUDY, answered, margin, near_two, searching


def test_nsga2_shares_a_search_between_sizes_only():
    study = searching(sampler="nsga2")
    more = grid(task=[moons(samples=60), circles()], network=[mlp(width=4), mlp(width=8)], epochs=[6])
    together = LockstepSearcher(replace(study, conditions=more), mean_of, margin, most=2, folder="")
    assert sorted({one.strata for one in together._sides}) == [(0, 1), (2, 3)]
    alone = LockstepSearcher(replace(STUDY, conditions=more), mean_of, margin, most=2, folder="")
    assert sorted({one.strata for one in alone._sides}) == [(0,), (1,), (2,), (3,)]


@pytest.mark.parametrize("sampler", ["tpe", "nsga2"])
def test_a_search_that_is_saved_in_the_middle_goes_on_as_if_it_had_not_been(tmp_path, sampler):
    study = searching(sampler=sampler)

    def searcher():
        return LockstepSearcher(study, mean_of, margin, most=2, folder=str(tmp_path))

    def run(save_after):
        one, configs, trial = searcher(), [], 0
        while (config := one.suggest(f"{trial}")) != Searcher.FINISHED:
            batch = ConfigurationBatch.of(config)
            configs.append(config)
            assert batch.config() == config
            write_ended(str(tmp_path), f"{trial}", {"runs": answered(batch, near_two)}, {})
            one.on_trial_complete(f"{trial}", {"done": True})
            trial += 1
            if trial == save_after:
                one.save(str(tmp_path / "state"))
                one = pickle.loads(pickle.dumps(searcher()))
                one.restore(str(tmp_path / "state"))
        return configs

    assert run(None) == run(3)


def test_a_trial_that_was_stopped_has_its_rows_in_its_result_and_one_that_left_nothing_is_no_silent_failure(tmp_path):
    heard = []
    one = LockstepSearcher(searching(configurations=3), mean_of, margin, most=1, folder=str(tmp_path))
    one.hear(heard.append)
    first, second, third = (ConfigurationBatch.of(one.suggest(trial)) for trial in "abc")
    rows = answered(first, near_two)
    one.on_trial_complete("a", {"done": True, "runs": rows.to_dict("records")})
    pandas.testing.assert_frame_equal(heard[-1].runs, rows, check_exact=True)
    one.on_trial_complete("b", None, error=True)
    assert set(heard[-1].runs["status"]) == {"failed"}
    assert set(heard[-1].runs["configuration"]) == set(second.values)
    with pytest.raises(FileNotFoundError, match="nothing is kept of trial c"):
        one.on_trial_complete("c", {"done": True})
    assert third.values
