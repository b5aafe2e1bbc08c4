"""Run a study's search as Ray Tune trials: a trial is a batch of configurations on search seeds."""

import math
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType

import pandas
import ray
from ray import cloudpickle, tune

from spectra_tune.design import Block, Study, Treatment, condition_signature
from spectra_tune.engine import bytes_on_gpu
from spectra_tune.launching import block_store
from spectra_tune.launching.block_store import ended_blocks, within
from spectra_tune.launching.blocks import RETRIES, whole_records
from spectra_tune.launching.configuration_batch import ConfigurationBatch
from spectra_tune.launching.gpus import gpu_share, resources
from spectra_tune.launching.lockstep_searcher import LockstepSearcher, SearchProgress, rows_of
from spectra_tune.launching.resume import forget, statuses
from spectra_tune.launching.scheduler_per_side import scheduler_of
from spectra_tune.launching.side_search import Score, Survivors
from spectra_tune.launching.silent import Silent
from spectra_tune.launching.trainables import SearchTrainable
from spectra_tune.results import RUN_KEY

MOST_IN_A_TRIAL = 64
"""Configurations of a trial, for the sake of its worker's memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Searched:
    """The run table of all search runs, why configurations failed, and whether the search came to its end."""

    runs: pandas.DataFrame
    reasons: tuple[str, ...]
    complete: bool


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

    Trials stay whole, however long: each is a few configurations on few seeds, as many as leave work for every worker.

    score: the objective of a configuration's outcomes, signed so that more is better. survivors: the rule of a race.
    With resume, what has ended is read back and the search goes on. by_value: as in `run_blocks`.
    """
    assert study.search is not None
    for module in by_value:
        cloudpickle.register_pickle_by_value(module)
    study.signature()  # a user's own source is read here, where it is, and its digest travels along
    stopping = study.search.scheduler in ("asha", "median")
    folder = within(storage, name)
    metric = study.outcome.measured.followed
    trainable = tune.with_resources(
        tune.with_parameters(SearchTrainable, study=study, folder=folder, metric=metric, interim=stopping),
        resources(gpu_share(_on_gpu(study), len(study.conditions))),
    )
    searcher = LockstepSearcher(study, score, survivors, most=_most_in_a_trial(study), folder=folder)
    searcher.hear(on_progress)
    with whole_records(folder):
        if resume and statuses(folder) is not None:
            tuner = tune.Tuner.restore(folder, trainable, restart_errored=True)
            tuner._local_tuner._tune_config.search_alg = searcher  # type: ignore[union-attr]
        else:
            forget(folder)
            block_store.forget(folder, ended_blocks(folder))
            tuner = tune.Tuner(
                trainable,
                tune_config=tune.TuneConfig(
                    search_alg=searcher,
                    scheduler=scheduler_of(study) if stopping else None,
                    num_samples=-1,
                    reuse_actors=True,
                    trial_name_creator=_trial_name,
                    trial_dirname_creator=lambda trial: trial.trial_id,
                ),
                run_config=tune.RunConfig(
                    name=name,
                    storage_path=storage,
                    verbose=0,
                    progress_reporter=Silent(),
                    failure_config=tune.FailureConfig(max_failures=RETRIES),
                    checkpoint_config=tune.CheckpointConfig(
                        num_to_keep=1,
                        checkpoint_frequency=0,
                        checkpoint_at_end=False,  # when a trial asks for it
                    ),
                ),
            )
        with _pending(2 * int(ray.cluster_resources().get("CPU", 1))):
            return _collected(study, folder, tuner.fit())


def _on_gpu(study: Study) -> float:
    """Bytes of a GPU that the largest possible trial of a search needs; 0 where none of them wants one."""
    if all(condition.device == "cpu" for condition in study.conditions):
        return 0.0
    runs = range(_most_in_a_trial(study) * len(study.seeds.search))
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


def _most_in_a_trial(study: Study) -> int:
    """Configurations of a trial: as many as leave work for every processor, so that what a trial costs is shared."""
    assert study.search is not None
    sides = len(study.conditions) * len(study.sides())
    workers_of_side = max(1, int(ray.cluster_resources().get("CPU", 1)) // sides)
    wanted = study.search.configurations if study.search.scheduler == "racing" else study.search.batch
    return min(MOST_IN_A_TRIAL, math.ceil(wanted / workers_of_side))


def searched_before(name: str, study: Study, *, storage: str) -> Searched:
    """What the storage holds of a study's search; nothing is trained, and no cluster is needed."""
    folder = within(storage, name)
    with whole_records(folder):
        if statuses(folder) is None:
            return Searched(runs=pandas.DataFrame(), reasons=(), complete=False)
        return _collected(study, folder, tune.ResultGrid(tune.ExperimentAnalysis(folder)))


def _trial_name(trial) -> str:
    numbers = [number for number, _ in trial.config["values"]]
    return f"{trial.config['stratum']}-{trial.config['arm']}-{numbers[0] if numbers else 'repeats'}"


def _collected(study: Study, folder: str, grid: tune.ResultGrid) -> Searched:
    """All rows, ordered by stratum, side, configuration and seed; a repeat has the rows of what it repeats."""
    trials = [(ConfigurationBatch.of(one.config), one.metrics or {}, one.error) for one in grid if one.config]
    known = [(batch, metrics, error) for batch, metrics, error in trials if error is not None or metrics.get("done")]
    with ThreadPoolExecutor(block_store.READERS) as readers:
        kept = readers.map(
            lambda one: None if one[2] is not None else rows_of(folder, one[1]["trial_id"], one[1]), known
        )
        parts = [batch.failed(study) if rows is None else rows for (batch, *_), rows in zip(known, kept, strict=True)]
    reasons: list[str] = []
    repeats: list[tuple[int, str, int, int]] = []
    numbers: dict[tuple[int, str], set[int]] = {}
    for batch, metrics, error in known:
        reasons += [metrics["reason"]] if "reason" in metrics else []
        reasons += [" ".join(str(error).split())[-300:]] if error is not None else []
        repeats += [(batch.stratum, batch.arm, number, first) for number, first in batch.repeats.items()]
        numbers.setdefault((batch.stratum, batch.arm), set()).update((*batch.values, *batch.repeats))
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
    complete = len(known) == len(trials) and all(
        numbers.get((stratum, arm)) == wanted for stratum in range(len(signatures)) for arm in study.sides()
    )
    place = {signature: at for at, signature in enumerate(signatures)}
    order = pandas.DataFrame({"stratum": runs["condition_signature"].map(place), "side": runs["side"]})
    order = order.assign(**{name: runs[name] for name in ("arm", "configuration", "seed")})
    runs = runs.loc[order.sort_values(list(order.columns)).index].reset_index(drop=True)
    assert not runs.duplicated([*RUN_KEY, "configuration"]).any()
    return Searched(runs=runs, reasons=tuple(dict.fromkeys(reasons)), complete=complete)
