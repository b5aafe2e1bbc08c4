"""Run a study's search as Ray Tune trials: a trial is a pack of configurations on search seeds."""

import math
import os
import pickle
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas
import ray
from ray import cloudpickle, tune
from ray.tune.schedulers import ASHAScheduler, FIFOScheduler, MedianStoppingRule, TrialScheduler
from ray.tune.search import Searcher

from spectra_tune.design import Block, Study, Treatment, condition_signature
from spectra_tune.design.search_rules import of_sizes
from spectra_tune.engine import bytes_on_gpu
from spectra_tune.launching.block_store import within
from spectra_tune.launching.blocks import RETRIES, whole_records
from spectra_tune.launching.configuration_batch import ConfigurationBatch
from spectra_tune.launching.gpus import gpu_share, resources
from spectra_tune.launching.resume import can_resume, forget, statuses
from spectra_tune.launching.side_search import Score, SideSearch, Survivors, validation
from spectra_tune.launching.trainables import SearchTrainable
from spectra_tune.results import RUN_KEY, unpacked

MOST_PACKED = 64
"""Configurations of a trial, for the sake of its worker's memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Searched:
    """The run table of all search runs, why configurations failed, and whether the search came to its end."""

    runs: pandas.DataFrame
    reasons: tuple[str, ...]
    complete: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchProgress:
    """How far one lane is, after a trial of it has ended."""

    stratum: int
    arm: str
    done: int  # configurations with a result
    finished: bool
    best: float | None  # mean validation outcome
    runs: pandas.DataFrame  # of the trial


class LockstepSearcher(Searcher):
    """Tune's searcher over all lanes, taking turns; every lane waits only for its own results."""

    def __init__(self, study: Study, score: Score, survivors: Survivors, pack: int):
        super().__init__(metric="objective", mode="max")
        self._study = study
        assert study.search is not None
        together = study.search.sampler == "nsga2"  # sizes share a population
        lanes = of_sizes(study.conditions) if together else tuple((at,) for at in range(len(study.conditions)))
        self._lanes = [
            SideSearch(study, strata, arm, score, survivors, pack) for strata in lanes for arm in study.sides()
        ]
        self._turn = 0
        self._trained: dict[str, tuple[int, ConfigurationBatch]] = {}  # by trial
        self._listener: Callable[[SearchProgress], None] | None = None

    def hear(self, listener: Callable[[SearchProgress], None]) -> None:
        """Has a function called with what every trial that ends says."""
        self._listener = listener

    def suggest(self, trial_id: str) -> dict[str, Any] | str | None:
        for place in (*range(self._turn, len(self._lanes)), *range(self._turn)):
            pack = self._lanes[place].next()
            if pack is not None:
                self._turn = (place + 1) % len(self._lanes)
                self._trained[trial_id] = (place, pack)
                return pack.config()
        return Searcher.FINISHED if all(lane.finished for lane in self._lanes) else None

    def on_trial_complete(self, trial_id: str, result: dict | None = None, error: bool = False) -> None:  # noqa: ARG002
        place, pack = self._trained.pop(trial_id)
        lane, runs = self._lanes[place], _rows(self._study, pack, result)
        lane.close(pack, runs)
        if self._listener is not None:
            self._listener(
                SearchProgress(
                    stratum=pack.stratum,
                    arm=lane.arm,
                    done=lane.done_in(pack.stratum),
                    finished=lane.finished_in(pack.stratum),
                    best=lane.best_in(pack.stratum),
                    runs=runs,
                )
            )

    def save(self, checkpoint_path: str) -> None:
        state = {name: value for name, value in self.__dict__.items() if name != "_listener"}
        Path(checkpoint_path).write_bytes(pickle.dumps(state))

    def restore(self, checkpoint_path: str) -> None:
        self.__dict__.update(pickle.loads(Path(checkpoint_path).read_bytes()))

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_listener": None}


class SchedulerPerSide(FIFOScheduler):
    """A scheduler of its own for each lane: sides and strata are never compared in a search."""

    def __init__(self, make: Callable[[], TrialScheduler]):
        super().__init__()
        self._make, self._by_lane = make, {}

    def _of(self, trial) -> TrialScheduler:
        lane = (trial.config["stratum"], trial.config["arm"])
        if lane not in self._by_lane:
            self._by_lane[lane] = self._make()
        return self._by_lane[lane]

    def on_trial_add(self, tune_controller, trial):
        self._of(trial).on_trial_add(tune_controller, trial)

    def on_trial_error(self, tune_controller, trial):
        self._of(trial).on_trial_error(tune_controller, trial)

    def on_trial_result(self, tune_controller, trial, result):
        return self._of(trial).on_trial_result(tune_controller, trial, result)

    def on_trial_complete(self, tune_controller, trial, result):
        self._of(trial).on_trial_complete(tune_controller, trial, result)

    def on_trial_remove(self, tune_controller, trial):
        self._of(trial).on_trial_remove(tune_controller, trial)


def run_search(
    name: str,
    study: Study,
    *,
    storage: str,
    resume: bool,
    score: Score,
    survivors: Survivors,
    on_progress: Callable[[SearchProgress], None],
    by_value: Sequence[ModuleType] = (),
) -> Searched:
    """Tunes every side of every stratum of a study on the connected cluster.

    score: the objective of a configuration's outcomes. survivors: the rule of a race. With resume, what has ended is
    read back and the search goes on. by_value: as in `run_blocks`.
    """
    assert study.search is not None
    for module in by_value:
        cloudpickle.register_pickle_by_value(module)
    study.signature()  # a user's own source is read here, where it is, and its digest travels along
    stopping = study.search.scheduler in ("asha", "median")
    trainable = tune.with_resources(
        tune.with_parameters(SearchTrainable, study=study, metric=validation(study.outcome.metric), interim=stopping),
        resources(gpu_share(_on_gpu(study), len(study.conditions))),
    )
    rounds = LockstepSearcher(study, score, survivors, _pack(study))
    rounds.hear(on_progress)
    folder = within(storage, name)
    with whole_records(folder):
        if resume and statuses(folder) is not None:
            tuner = tune.Tuner.restore(folder, trainable, restart_errored=True)
            tuner._local_tuner._tune_config.search_alg = rounds  # type: ignore[union-attr]
        else:
            forget(folder)
            tuner = tune.Tuner(
                trainable,
                tune_config=tune.TuneConfig(
                    search_alg=rounds,
                    scheduler=_scheduler(study) if stopping else None,
                    num_samples=-1,
                    reuse_actors=True,
                    trial_name_creator=_trial_name,
                    trial_dirname_creator=lambda trial: trial.trial_id,
                ),
                run_config=tune.RunConfig(
                    name=name,
                    storage_path=storage,
                    verbose=0,
                    failure_config=tune.FailureConfig(max_failures=RETRIES),
                    checkpoint_config=tune.CheckpointConfig(checkpoint_frequency=0, checkpoint_at_end=False),
                ),
            )
        with _pending(2 * int(ray.cluster_resources().get("CPU", 1))):
            return _collected(study, tuner.fit())


def _on_gpu(study: Study) -> float:
    """Bytes of a GPU that the largest possible pack of a study needs."""
    runs = range(_pack(study) * len(study.seeds.search))
    none = {"none": Treatment.none()}
    try:
        return max(bytes_on_gpu(Block(condition=one, arms=none, seeds=runs)) for one in study.conditions)
    except Exception:  # anything that a user's network or task may raise: the trial that trains it says so
        return math.inf


@contextmanager
def _pending(trials: int) -> Iterator[None]:
    """Lets Tune hold so many trials ready: with a searcher it holds one, and a processor then waits for it."""
    name = "TUNE_MAX_PENDING_TRIALS_PG"
    before = os.environ.get(name)
    os.environ[name] = before or str(trials)
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]


def _pack(study: Study) -> int:
    """Configurations of a trial: as many as leave work for every processor, so that what a trial costs is shared."""
    assert study.search is not None
    lanes = len(study.conditions) * len(study.sides())
    workers_of_lane = max(1, int(ray.cluster_resources().get("CPU", 1)) // lanes)
    wanted = study.search.configurations if study.search.scheduler == "racing" else study.search.batch
    return min(MOST_PACKED, math.ceil(wanted / workers_of_lane))


def searched_before(name: str, study: Study, *, storage: str) -> Searched:
    """What the storage holds of a study's search; nothing is trained, and no cluster is needed."""
    if not can_resume(name, storage):
        return Searched(runs=pandas.DataFrame(), reasons=(), complete=False)
    return _collected(study, tune.ResultGrid(tune.ExperimentAnalysis(within(storage, name))))


def _trial_name(trial) -> str:
    numbers = [number for number, _ in trial.config["values"]]
    return f"{trial.config['stratum']}-{trial.config['arm']}-{numbers[0] if numbers else 'repeats'}"


def _scheduler(study: Study) -> SchedulerPerSide:
    """What stops configurations early, with epochs as time."""
    assert study.search is not None
    epochs = max(condition.epochs for condition in study.conditions)
    common: dict[str, Any] = {"time_attr": "epoch", "metric": "objective", "mode": "max"}
    if study.search.scheduler == "asha":
        grace = max(1, epochs // 9)
        return SchedulerPerSide(lambda: ASHAScheduler(max_t=epochs, grace_period=grace, reduction_factor=3, **common))
    return SchedulerPerSide(
        lambda: MedianStoppingRule(grace_period=max(1, epochs // 4), min_samples_required=3, **common)
    )


def _rows(study: Study, pack: ConfigurationBatch, result: dict | None) -> pandas.DataFrame:
    """The rows of a pack's result; of one whose workers died, failed ones."""
    return unpacked(result["runs"]) if result and "runs" in result else pack.failed(study)


def _collected(study: Study, grid: tune.ResultGrid) -> Searched:
    """All rows, ordered by stratum, side, configuration and seed; a repeat has the rows of what it repeats."""
    parts, reasons = [], []
    repeats: list[tuple[int, str, int, int]] = []
    numbers: dict[tuple[int, str], set[int]] = {}
    ended = True
    for result in grid:
        if not result.config:
            continue
        pack, metrics = ConfigurationBatch.of(result.config), result.metrics or {}
        if "runs" not in metrics and result.error is None:
            ended = False
            continue
        rows = _rows(study, pack, metrics)
        reasons += [metrics["reason"]] if "reason" in metrics else []
        reasons += [" ".join(str(result.error).split())[-300:]] if result.error is not None else []
        parts.append(rows)
        repeats += [(pack.stratum, pack.arm, number, first) for number, first in pack.repeats.items()]
        numbers.setdefault((pack.stratum, pack.arm), set()).update((*pack.values, *pack.repeats))
    filled = [part for part in parts if len(part)]
    if not filled:
        return Searched(runs=pandas.DataFrame(), reasons=tuple(dict.fromkeys(reasons)), complete=False)
    runs = pandas.concat(filled, ignore_index=True)
    signatures = [condition_signature(condition) for condition in study.conditions]
    copies = []
    for stratum, arm, number, first in repeats:
        same = (runs["condition_signature"] == signatures[stratum]) & (runs["arm"] == arm)
        copies.append(runs[same & (runs["configuration"] == first)].assign(configuration=number))
    runs = pandas.concat([runs, *copies], ignore_index=True)
    assert study.search is not None
    wanted = set(range(study.search.configurations))
    complete = ended and all(
        numbers.get((stratum, arm)) == wanted for stratum in range(len(signatures)) for arm in study.sides()
    )
    place = {signature: at for at, signature in enumerate(signatures)}
    order = pandas.DataFrame({"stratum": runs["condition_signature"].map(place), "side": runs["side"]})
    order = order.assign(**{name: runs[name] for name in ("arm", "configuration", "seed")})
    runs = runs.loc[order.sort_values(list(order.columns)).index].reset_index(drop=True)
    assert not runs.duplicated([*RUN_KEY, "configuration"]).any()
    return Searched(runs=runs, reasons=tuple(dict.fromkeys(reasons)), complete=complete)
