"""Tune's searcher of a study: all its sides and strata, each suggested from its own results."""

import pickle
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas
from ray.tune.search import Searcher

from spectra_tune.design import Study
from spectra_tune.design.search_rules import of_sizes
from spectra_tune.launching.block_store import read_ended
from spectra_tune.launching.configuration_batch import ConfigurationBatch
from spectra_tune.launching.side_search import Score, SideSearch, Survivors


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchProgress:
    """How far one side of one stratum is, after a trial of it has ended."""

    stratum: int
    arm: str
    done: int  # configurations with a result
    finished: bool
    best: float | None  # mean validation outcome
    runs: pandas.DataFrame  # of the trial


class LockstepSearcher(Searcher):
    """Tune's searcher over all sides, taking turns; every side waits only for its own results."""

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
        self._trained: dict[str, tuple[int, ConfigurationBatch]] = {}  # by trial
        self._listener: Callable[[SearchProgress], None] | None = None

    def hear(self, listener: Callable[[SearchProgress], None]) -> None:
        """Has a function called with what every trial that ends says."""
        self._listener = listener

    def suggest(self, trial_id: str) -> dict[str, Any] | str | None:
        for place in (*range(self._turn, len(self._sides)), *range(self._turn)):
            batch = self._sides[place].next()
            if batch is not None:
                self._turn = (place + 1) % len(self._sides)
                self._trained[trial_id] = (place, batch)
                return batch.config()
        return Searcher.FINISHED if all(side.finished for side in self._sides) else None

    def on_trial_complete(self, trial_id: str, result: dict | None = None, error: bool = False) -> None:  # noqa: ARG002
        place, batch = self._trained.pop(trial_id)
        side, ended = self._sides[place], result is not None and result.get("done")
        runs = rows_of(self._folder, trial_id, result or {}) if ended else batch.failed(self._study)
        side.close(batch, runs)
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

    def save(self, checkpoint_path: str) -> None:
        state = {name: value for name, value in self.__dict__.items() if name not in ("_listener", "_folder")}
        Path(checkpoint_path).write_bytes(pickle.dumps(state))

    def restore(self, checkpoint_path: str) -> None:
        self.__dict__.update(pickle.loads(Path(checkpoint_path).read_bytes()))

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_listener": None}


def rows_of(folder: str, trial_id: str, result: Mapping[str, Any]) -> pandas.DataFrame:
    """The rows of a trial by its last result: those in it where a scheduler stopped the trial, else what it kept."""
    if "runs" in result:
        return pandas.DataFrame(result["runs"])
    ended = read_ended(folder, trial_id)
    if ended is None:
        raise FileNotFoundError(f"nothing is kept of trial {trial_id}, which has ended")
    return ended.tables["runs"]
