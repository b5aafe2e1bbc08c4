"""Tune's searcher of a study: all its sides and strata, each suggested from its own results."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pandas
from ray.tune.search import Searcher

from spectra_tune.design import Study
from spectra_tune.design.search_rules import of_sizes
from spectra_tune.launching.begun_blocks import forget_state
from spectra_tune.launching.block_store import read_ended, table_of, write_ended
from spectra_tune.launching.configuration_batch import ConfigurationBatch
from spectra_tune.launching.kept_rows import KeptRows
from spectra_tune.launching.side_search import Score, SideSearch, Survivors


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchProgress:
    """How far one side of one stratum is, after a trial of it has ended."""

    stratum: int
    arm: str
    done: int  # configurations with a result
    finished: bool
    best: float | None  # mean validation outcome
    runs: pandas.DataFrame  # of the trial; empty of what an earlier start of the search has told of


@dataclass(frozen=True, slots=True, kw_only=True)
class _Batch:
    """A batch of a side, and what of it is left to train."""

    side: SideSearch
    whole: ConfigurationBatch
    left: ConfigurationBatch


class LockstepSearcher(Searcher):
    """Tune's searcher over all sides, taking turns; every side waits only for its own results.

    A search that goes on suggests all anew, which gives what it gave before, and takes what is kept of it: the state of
    a sampler is nothing but what it suggested and was told. A batch that only repeats others is never trained.
    """

    def __init__(self, study: Study, score: Score, survivors: Survivors, *, most: int, folder: str):
        """most: configurations of a trial. folder: of the search, where what trials gave lies."""
        super().__init__(metric="objective", mode="max")
        self._study, self._folder = study, folder
        assert study.search is not None
        together = study.search.sampler == "nsga2"  # sizes share a population
        groups = of_sizes(study.conditions) if together else tuple((at,) for at in range(len(study.conditions)))
        self._sides = [
            SideSearch(study, strata, arm, score, survivors, most) for strata in groups for arm in study.sides()
        ]
        self._turn = 0
        self._kept = KeptRows(study, folder)
        self._first: _Batch | None = None  # of those that are not kept
        self._trained: dict[str, _Batch] = {}  # by trial
        self._listener: Callable[[SearchProgress], None] | None = None
        self.ended: list[ConfigurationBatch] = []
        self.failed: list[ConfigurationBatch] = []  # those of them whose workers died

    def hear(self, listener: Callable[[SearchProgress], None]) -> None:
        """Has a function called with what every trial that ends says."""
        self._listener = listener

    def catch_up(self) -> None:
        """Takes what is kept, up to the first batch that is not; else this is done when Tune asks for it."""
        self._first = self._next()

    @property
    def finished(self) -> bool:
        return all(side.finished for side in self._sides)

    def suggest(self, trial_id: str) -> dict[str, Any] | str | None:
        found, self._first = self._first or self._next(), None
        if found is None:
            return Searcher.FINISHED if self.finished else None
        self._trained[trial_id] = found
        return found.left.config()

    def on_trial_complete(self, trial_id: str, result: dict | None = None, error: bool = False) -> None:  # noqa: ARG002
        trained = self._trained.pop(trial_id)
        name = trained.left.name
        if result is None or not result.get("done"):
            self.failed.append(trained.left)
            self._close(trained, trained.left.failed(self._study))
            return
        if "runs" in result:  # a scheduler stopped it: its worker did not know that this was the end
            write_ended(self._folder, name, {"runs": pandas.DataFrame(result["runs"])}, {})
            forget_state(self._folder, name)
        ended = read_ended(self._folder, name)
        if ended is None:
            raise FileNotFoundError(f"nothing is kept of trial {trial_id}, which has ended")
        self._close(trained, table_of([ended], "runs"))

    def _next(self) -> _Batch | None:
        """A batch to train, and its side; those that are kept are taken on the way."""
        at = self._turn
        for side in (*self._sides[at:], *self._sides[:at]):
            while (batch := side.next()) is not None:
                left = self._kept.left(batch)
                if left is not None:
                    self._turn = (self._sides.index(side) + 1) % len(self._sides)
                    return _Batch(side=side, whole=batch, left=left)
                self._close(_Batch(side=side, whole=batch, left=replace(batch, values={})), pandas.DataFrame())
        return None

    def _close(self, trained: _Batch, runs: pandas.DataFrame) -> None:
        """Takes the rows that were just trained of a batch, beside those that are kept."""
        side, batch = trained.side, trained.whole
        side.close(batch, pandas.concat([self._kept.of(batch), runs], ignore_index=True))
        self.ended.append(batch)
        if self._listener is not None:
            self._listener(
                SearchProgress(
                    stratum=batch.stratum,
                    arm=side.arm,
                    done=side.done_in(batch.stratum),
                    finished=side.finished_in(batch.stratum),
                    best=side.best_in(batch.stratum),
                    runs=runs,
                )
            )

    def save_to_dir(self, checkpoint_dir: str, session_str: str = "default") -> None:
        """Nothing: a search goes on from what it has kept."""

    def __getstate__(self) -> dict[str, Any]:
        """Ray pickles a searcher into the storage, and nobody reads that: see rays_state.py."""
        return {}
