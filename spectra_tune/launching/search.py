"""Run a study's search as Ray Tune trials: a trial is a batch of configurations on search seeds."""

import math
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType

import pandas
import ray
from ray import cloudpickle, tune

from spectra_tune import engine
from spectra_tune.design import Block, Study, Treatment, condition_signature
from spectra_tune.launching import block_store
from spectra_tune.launching.begun_blocks import begun_blocks, forget_state
from spectra_tune.launching.block_store import ended_blocks, within, write_ended
from spectra_tune.launching.blocks import RETRIES, whole_records
from spectra_tune.launching.configuration_batch import ConfigurationBatch
from spectra_tune.launching.gpus import gpu_share, note_gpus, resources
from spectra_tune.launching.kept_rows import KeptRows
from spectra_tune.launching.lockstep_searcher import LockstepSearcher, SearchProgress
from spectra_tune.launching.rays_state import forget_trials
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
    share = gpu_share(_on_gpu(study), len(study.conditions))
    trainable = tune.with_resources(
        tune.with_parameters(SearchTrainable, study=study, folder=folder, metric=metric, interim=stopping),
        resources(share),
    )
    with whole_records(folder):
        if not resume:
            block_store.forget(folder, ended_blocks(folder))
            for batch in begun_blocks(folder):
                forget_state(folder, batch)
        searcher = LockstepSearcher(study, score, survivors, most=_most_in_a_trial(study), folder=folder)
        searcher.hear(on_progress)
        searcher.catch_up()
        if searcher.finished:
            return _collected(study, folder, searcher)
        forget_trials(folder)
        note_gpus(folder, [name] if share else [])
        tuner = tune.Tuner(
            trainable,
            tune_config=tune.TuneConfig(
                search_alg=searcher,
                scheduler=scheduler_of(study) if stopping else None,
                num_samples=-1,
                reuse_actors=True,
                trial_name_creator=_trial_name,
                trial_dirname_creator=_trial_dirname,
            ),
            run_config=tune.RunConfig(
                name=name,
                storage_path=storage,
                verbose=0,
                progress_reporter=Silent(),
                failure_config=tune.FailureConfig(max_failures=RETRIES),
                checkpoint_config=tune.CheckpointConfig(checkpoint_frequency=0, checkpoint_at_end=False),
            ),
        )
        with _pending(2 * int(ray.cluster_resources().get("CPU", 1))):
            errors = _errors(tuner.fit())
        if searcher.finished:
            note_gpus(folder, [])
            for batch in searcher.failed:  # for good: what is confirmed was picked with them
                reason = errors.get(batch.name, "Ray did not say why")
                write_ended(folder, batch.name, {"runs": batch.failed(study)}, {"reason": reason})
        return _collected(study, folder, searcher)


def _errors(grid: tune.ResultGrid) -> dict[str, str]:
    """What Ray says of the trials that the machine failed, by what they are kept under."""
    return {
        ConfigurationBatch.of(one.config).name: " ".join(str(one.error).split())[-300:]
        for one in grid
        if one.config and one.error is not None
    }


def _on_gpu(study: Study) -> float:
    """Bytes of a GPU that the largest possible trial of a search needs; 0 where none of them wants one."""
    if all(condition.device == "cpu" for condition in study.conditions):
        return 0.0
    runs = range(_most_in_a_trial(study) * len(study.seeds.search))
    none = {"none": Treatment.none()}
    try:
        return max(engine.bytes_on_gpu(Block(condition=one, arms=none, seeds=runs)) for one in study.conditions)
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


def searched_before(name: str, study: Study, *, storage: str, score: Score, survivors: Survivors) -> Searched:
    """What the storage holds of a study's search; nothing is trained, and no cluster is needed.

    score and survivors: as in `run_search`, since they decide on what was suggested.
    """
    folder = within(storage, name)
    with whole_records(folder):
        searcher = LockstepSearcher(study, score, survivors, most=MOST_IN_A_TRIAL, folder=folder)
        searcher.catch_up()
        return _collected(study, folder, searcher)


def _trial_name(trial) -> str:
    numbers = [number for number, _ in trial.config["values"]]
    return f"{trial.config['stratum']}-{trial.config['arm']}-{numbers[0] if numbers else 'repeats'}"


def _trial_dirname(trial) -> str:
    return trial.trial_id


def _collected(study: Study, folder: str, searcher: LockstepSearcher) -> Searched:
    """All rows, ordered by stratum, side, configuration and seed; a repeat has the rows of what it repeats.

    While the search has not ended, no rows: nobody asks for them.
    """
    kept = KeptRows(study, folder)
    reasons = tuple(dict.fromkeys(kept.reasons))
    if not searcher.finished:
        return Searched(runs=pandas.DataFrame(), reasons=reasons, complete=False)
    parts, repeats = [], []
    for batch in searcher.ended:
        assert kept.left(batch) is None
        parts.append(kept.of(batch))
        repeats += [(batch.stratum, batch.arm, number, first) for number, first in batch.repeats.items()]
    runs = pandas.concat([part for part in parts if len(part)], ignore_index=True)
    signatures = [condition_signature(condition) for condition in study.conditions]
    copies = []
    for stratum, arm, number, first in repeats:
        same = (runs["condition_signature"] == signatures[stratum]) & (runs["arm"] == arm)
        copies.append(runs[same & (runs["configuration"] == first)].assign(configuration=number))
    runs = pandas.concat([runs, *copies], ignore_index=True)
    place = {signature: at for at, signature in enumerate(signatures)}
    order = pandas.DataFrame({"stratum": runs["condition_signature"].map(place), "side": runs["side"]})
    order = order.assign(**{name: runs[name] for name in ("arm", "configuration", "seed")})
    runs = runs.loc[order.sort_values(list(order.columns)).index].reset_index(drop=True)
    assert not runs.duplicated([*RUN_KEY, "configuration"]).any()
    return Searched(runs=runs, reasons=reasons, complete=True)
