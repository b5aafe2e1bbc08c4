"""What a search found is put together from what its trials left, and is complete only if all of them ended."""

import pytest

from analysis.describing.tuning import mean_of
from spectra_tune.launching.block_store import ENDED, write_ended
from spectra_tune.launching.configuration_batch import ConfigurationBatch
from spectra_tune.launching.search import searched_before
from tests.spectra_tune.launching.test_lockstep_searcher import all_of_it, searcher
from tests.tools.searching import STUDY, margin


def found(folder):
    return searched_before(folder.name, STUDY, storage=str(folder.parent), score=mean_of, survivors=margin)


def test_all_trials_that_ended_make_a_complete_search(tmp_path):
    all_of_it(searcher(STUDY, tmp_path), tmp_path)
    search = found(tmp_path)
    assert search.complete
    assert len(search.runs) == 2 * 2 * 6 * 3
    assert search.reasons == ()


@pytest.mark.parametrize("gone", [0, 2, -1])
def test_a_search_of_which_a_trial_is_missing_is_not_complete(tmp_path, gone):
    all_of_it(searcher(STUDY, tmp_path), tmp_path)
    kept = sorted((tmp_path / ENDED).iterdir(), key=lambda file: file.stat().st_mtime_ns)
    kept[gone].unlink()
    search = found(tmp_path)
    assert not search.complete
    assert search.runs.empty


def test_why_configurations_failed_is_kept_with_their_rows(tmp_path):
    one = searcher(STUDY, tmp_path)
    batch = ConfigurationBatch.of(one.suggest("first"))
    write_ended(str(tmp_path), batch.name, {"runs": batch.failed(STUDY)}, {"reason": "the worker died"})
    one.on_trial_complete("first", {"done": True})
    all_of_it(one, tmp_path)
    search = found(tmp_path)
    assert search.complete
    assert search.reasons == ("the worker died",)
    assert (search.runs["status"] == "failed").sum() == len(batch.values) * 3
