"""What a search found is put together from what its trials left, and is complete only if all of them ended."""

from types import SimpleNamespace

import pytest

from spectra_tune.launching import search
from spectra_tune.launching.block_store import write_ended
from spectra_tune.launching.configuration_batch import ConfigurationBatch
from tests.tools.searching import STUDY, answered, near_two

VALUES = {"sigma_end": 1.5, "strength": 0.1, "learning_rate": 0.01}


def trials(folder):
    """Every side's configurations as one trial that has ended, its rows kept; as Ray tells of them."""
    for stratum in range(len(STUDY.conditions)):
        for arm in STUDY.sides():
            values = {number: VALUES | {"strength": 0.01 * (number + 1)} for number in range(6)}
            batch = ConfigurationBatch(stratum=stratum, arm=arm, values=values, repeats={}, seeds=STUDY.seeds.search)
            trial = f"{stratum}{arm}"
            write_ended(str(folder), trial, {"runs": answered(batch, near_two)}, {})
            yield SimpleNamespace(config=batch.config(), metrics={"trial_id": trial, "done": True}, error=None)


def test_all_trials_that_ended_make_a_complete_search(tmp_path):
    found = search._collected(STUDY, str(tmp_path), list(trials(tmp_path)))
    assert found.complete
    assert len(found.runs) == 2 * 2 * 6 * 3
    assert found.reasons == ()


def test_a_search_that_was_interrupted_between_two_reports_of_a_trial_is_not_complete(tmp_path):
    *others, last = trials(tmp_path)
    rows = answered(ConfigurationBatch.of(last.config), near_two).to_dict("records")
    last.metrics = {"trial_id": last.metrics["trial_id"], "done": False, "runs": rows}
    assert not search._collected(STUDY, str(tmp_path), [*others, last]).complete
    last.metrics["done"] = True  # as Ray says of a trial that a scheduler stopped
    assert search._collected(STUDY, str(tmp_path), [*others, last]).complete


def test_a_trial_whose_workers_died_has_failed_whatever_it_reported_before(tmp_path):
    *others, last = trials(tmp_path)
    rows = answered(ConfigurationBatch.of(last.config), near_two).to_dict("records")
    last.metrics = {"trial_id": last.metrics["trial_id"], "done": False, "runs": rows}
    last.error = RuntimeError("the worker died")
    found = search._collected(STUDY, str(tmp_path), [*others, last])
    assert found.complete
    assert found.reasons == ("the worker died",)
    assert (found.runs["status"] == "failed").sum() == 6 * 3


def test_a_trial_that_ended_and_left_nothing_is_said(tmp_path):
    *others, last = trials(tmp_path)
    (tmp_path / "ended" / f"{last.metrics['trial_id']}.zip").unlink()
    with pytest.raises(FileNotFoundError, match="nothing is kept of trial"):
        search._collected(STUDY, str(tmp_path), [*others, last])
