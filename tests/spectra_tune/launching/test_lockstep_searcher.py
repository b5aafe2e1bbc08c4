"""Tune's searcher over all sides: what it groups, how it goes on, and whose rows it hears of."""

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


def searcher(study, folder, most=2) -> LockstepSearcher:
    return LockstepSearcher(study, mean_of, margin, most=most, folder=str(folder))


def ended(one, folder, config, trial) -> dict:
    """Answers a trial; the configurations of its side and stratum by number."""
    batch = ConfigurationBatch.of(config)
    assert batch.config() == config
    write_ended(str(folder), batch.name, {"runs": answered(batch, near_two)}, {})
    one.on_trial_complete(trial, {"done": True})
    return {(batch.stratum, batch.arm, number): values for number, values in batch.values.items()}


def all_of_it(one, folder, trials=None) -> dict:
    """What a search suggests to its end, or for so many trials."""
    found, trial = {}, 0
    while trial != trials and (config := one.suggest(f"{trial}")) != Searcher.FINISHED:
        found |= ended(one, folder, config, f"{trial}")
        trial += 1
    return found


def test_nsga2_shares_a_search_between_sizes_only(tmp_path):
    study = searching(sampler="nsga2")
    more = grid(task=[moons(samples=60), circles()], network=[mlp(width=4), mlp(width=8)], epochs=[6])
    together = searcher(replace(study, conditions=more), tmp_path)
    assert sorted({one.strata for one in together._sides}) == [(0, 1), (2, 3)]
    alone = searcher(replace(STUDY, conditions=more), tmp_path)
    assert sorted({one.strata for one in alone._sides}) == [(0,), (1,), (2,), (3,)]


@pytest.mark.parametrize(
    "given",
    [{"sampler": "tpe"}, {"sampler": "gp"}, {"sampler": "nsga2"}, {"sampler": "random", "scheduler": "racing"}],
    ids=str,
)
def test_a_search_goes_on_from_what_is_kept_as_if_it_had_not_ended_and_trains_nothing_twice(tmp_path, given):
    study = searching(**given)
    whole = all_of_it(searcher(study, tmp_path / "whole"), tmp_path / "whole")
    before = all_of_it(searcher(study, tmp_path / "broken"), tmp_path / "broken", trials=3)
    on_another_cluster = searcher(study, tmp_path / "broken", most=3)
    after = all_of_it(on_another_cluster, tmp_path / "broken")
    assert before | after == whole
    assert set(before) != set(whole)
    if "scheduler" not in given:  # a race comes back to a configuration with more seeds
        assert not set(before) & set(after)
    again = searcher(study, tmp_path / "broken", most=1)
    again.catch_up()
    assert again.finished
    assert again.suggest("any") == Searcher.FINISHED


def test_what_was_kept_by_a_search_that_goes_on_is_told_of_but_not_given_again(tmp_path):
    all_of_it(searcher(STUDY, tmp_path), tmp_path, trials=2)
    heard = []
    one = searcher(STUDY, tmp_path)
    one.hear(heard.append)
    one.catch_up()
    assert [len(progress.runs) for progress in heard] == [0]
    assert heard[0].done == 2


def test_a_trial_that_was_stopped_has_its_rows_in_its_result_and_one_that_left_nothing_is_no_silent_failure(tmp_path):
    heard = []
    one = searcher(searching(configurations=3), tmp_path, most=1)
    one.hear(heard.append)
    first, second, third = (ConfigurationBatch.of(one.suggest(trial)) for trial in "abc")
    rows = answered(first, near_two)
    one.on_trial_complete("a", {"done": True, "runs": rows.to_dict("records")})
    pandas.testing.assert_frame_equal(heard[-1].runs, rows, check_exact=True)
    one.on_trial_complete("b", None, error=True)
    assert set(heard[-1].runs["status"]) == {"failed"}
    assert set(heard[-1].runs["configuration"]) == set(second.values)
    assert one.failed == [second]
    with pytest.raises(FileNotFoundError, match="nothing is kept of trial c"):
        one.on_trial_complete("c", {"done": True})
    assert third.values
