"""Run the blocks of a study as Ray Tune trials: one trial per block, resumed where it stopped."""

import math
import pickle
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType

import pandas
from ray import cloudpickle, tune

from spectra_tune.design import Block, InvalidStudy, members
from spectra_tune.engine import bytes_on_gpu, failed_runs, parameter_count
from spectra_tune.launching import block_store
from spectra_tune.launching.attempts import attempts, forget_attempts, interruptions
from spectra_tune.launching.block_store import ended_blocks, read_all, read_ended, within
from spectra_tune.launching.gpus import gpu_share, resources
from spectra_tune.launching.resume import forget, statuses
from spectra_tune.launching.trainables import BlockTrainable
from spectra_tune.results import Tables, curve_table, figure_table, joined

CHECKPOINT_EVERY = 5
"""Reports between two checkpoints of a block: a quarter of a block at most is trained again after a kill."""

RETRIES = 2
"""Of a block whose worker died."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """What one block's newest report says."""

    block: str
    epoch: int
    epochs: int
    curves: pandas.DataFrame
    error: str | None
    finished: bool
    runs: pandas.DataFrame | None  # of a block that has ended well


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """All blocks' tables, in the order of the blocks; runs that could not be trained are in them, as failed ones.

    Of a study that was interrupted, no tables.
    """

    tables: Tables
    failures: dict[str, str]  # why, by block
    lost: tuple[str, ...]  # those of them that the machine failed, not the code: another try may succeed
    complete: bool  # every block has ended; else the study was interrupted and can be resumed


def run_blocks(
    name: str,
    blocks: Mapping[str, Block],
    *,
    storage: str,
    resume: bool,
    on_progress: Callable[[Progress], None],
    by_value: Sequence[ModuleType] = (),
) -> Trained:
    """Trains the blocks on the connected cluster, one Tune trial each; `blocks` by the names they are shown under.

    storage: an absolute folder or a URI. on_progress is called in this process after each report. With resume,
    finished blocks are read back and the others go on from their last checkpoint. by_value: modules that workers do
    not have, such as a user's study file; what they define travels with the blocks.
    """
    for module in by_value:
        cloudpickle.register_pickle_by_value(module)
    for block in blocks.values():
        members(block)  # the signatures: a user's own source is read here, where it is, and its digest travels along
    folder = within(storage, name)
    needed = {one: _on_gpu(block) for one, block in blocks.items()}
    shares = {need: gpu_share(need, len(blocks)) for need in set(needed.values())}  # Ray is asked once for each
    trainable = tune.with_resources(
        tune.with_parameters(BlockTrainable, blocks=dict(blocks), folder=folder),
        lambda config: resources(shares[needed[config["block"]]]),
    )
    listener = _Listener(on_progress, folder)
    with whole_records(folder):
        if not resume:
            block_store.forget(folder, blocks)
            forget_attempts(folder)
        done = ended_blocks(folder)
        left = {block: blocks[block] for block in blocks if block not in done}
        if not left:
            return _collected(folder, blocks, {})
        if resume and _goes_on(folder, left):
            tuner = tune.Tuner.restore(folder, trainable, restart_errored=True)
            tuner._local_tuner.get_run_config().callbacks = [listener]  # type: ignore[union-attr]
        else:
            forget(folder, left)
            tuner = tune.Tuner(
                trainable,
                param_space={"block": tune.grid_search(_longest_first(left))},
                tune_config=tune.TuneConfig(
                    reuse_actors=True,
                    trial_name_creator=lambda trial: trial.config["block"],
                    trial_dirname_creator=lambda trial: trial.config["block"],
                ),
                run_config=tune.RunConfig(
                    name=name,
                    storage_path=storage,
                    verbose=0,
                    callbacks=[listener],
                    failure_config=tune.FailureConfig(max_failures=RETRIES),
                    checkpoint_config=tune.CheckpointConfig(
                        num_to_keep=1, checkpoint_frequency=CHECKPOINT_EVERY, checkpoint_at_end=False
                    ),
                ),
            )
        return _collected(folder, blocks, _errors(tuner.fit()))


def _on_gpu(block: Block) -> float:
    """Bytes that a block needs of a GPU; a whole one where that cannot be said."""
    try:
        return bytes_on_gpu(block)
    except Exception:  # anything that a user's network or task may raise: the trial that trains it says so
        return math.inf


def _goes_on(folder: str, left: Mapping[str, Block]) -> bool:
    """Whether Ray's state is whole and has every block that is left as one that has not ended.

    Where not, blocks that are left begin anew, with equal bits; those that have ended are kept beside that state.
    """
    status = statuses(folder) or {}
    return all(status.get(block, "TERMINATED") != "TERMINATED" for block in left)


class StorageDamaged(InvalidStudy):
    """The storage holds half of what Ray wrote there, or has no room for more."""


HALF_A_RECORD = (
    *(EOFError, OSError, KeyError, ValueError, RuntimeError),
    *(pickle.UnpicklingError, zipfile.BadZipFile, tune.TuneError),
)


@contextmanager
def whole_records(folder: str) -> Iterator[None]:
    """Says in one line what is raised, far from its cause, where a disk is full or was when a record was written."""
    try:
        yield
    except HALF_A_RECORD as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())[-200:]
        raise StorageDamaged(
            f"the records in {folder} must be whole, got {reason}; blocks that have ended are kept, others "
            "begin anew if half a record cannot tell how far they were; make room if that disk is full, then --resume"
        ) from error


def trained_before(name: str, blocks: Mapping[str, Block], *, storage: str) -> Trained:
    """What the storage holds of a study's blocks; nothing is trained, and no cluster is needed."""
    folder = within(storage, name)
    with whole_records(folder):
        return _collected(folder, blocks, {})


def _longest_first(blocks: Mapping[str, Block]) -> list[str]:
    """The blocks' names by falling arithmetic, so that none that takes long is left for the end."""

    def arithmetic(name: str) -> float:
        block = blocks[name]
        runs = len(block.arms) * len(block.seeds)
        samples = getattr(block.condition.task, "samples", 1)
        return runs * block.condition.epochs * samples * parameter_count(block.condition.network, block.condition.task)

    try:
        return sorted(blocks, key=arithmetic, reverse=True)
    except Exception:  # anything that a user's network may raise: the trial that trains it says so
        return list(blocks)


def _errors(grid: tune.ResultGrid) -> dict[str, object]:
    """What Ray says of the trials that the machine failed, by block."""
    return {result.config["block"]: result.error for result in grid if result.config and result.error is not None}


def _collected(folder: str, blocks: Mapping[str, Block], errors: Mapping[str, object]) -> Trained:
    """The tables of all blocks, ordered by block; of one that the machine failed, failed runs.

    While blocks are left, no tables: nobody asks for them, and those of a long study take gigabytes.
    """
    there = ended_blocks(folder)
    lost = tuple(name for name in blocks if name in errors and name not in there)
    if len(there.intersection(blocks)) + len(lost) < len(blocks):
        return Trained(tables=joined([]), failures={}, lost=lost, complete=False)
    ended = read_all(folder, blocks)
    tables, failures = [], {}
    for name, block in blocks.items():
        if name in ended:
            tables.append(Tables(**ended[name].tables))
            failures |= {name: ended[name].facts["error"]} if "error" in ended[name].facts else {}
        else:
            failures[name] = _last_line(errors[name])
            runs = failed_runs(block).assign(interruptions=interruptions(attempts(folder, name)))
            tables.append(Tables(runs, curve_table({}), figure_table({})))
    return Trained(tables=joined(tables), failures=failures, lost=lost, complete=True)


def _last_line(error: object) -> str:
    """The end of what Ray says of a trial: the error itself comes last."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines or [type(error).__name__])[-1][-300:]


class _Listener(tune.Callback):
    """Hands every result on as a Progress. Ray stores callbacks with a study: this one without its function."""

    def __init__(self, on_progress: Callable[[Progress], None] | None = None, folder: str = ""):
        self._on_progress, self._folder = on_progress, folder

    def __reduce__(self):
        return _Listener, ()

    def on_trial_result(self, iteration, trials, trial, result, **info) -> None:  # noqa: ARG002, Ray calls by name
        if self._on_progress is None or ("epoch" not in result and not result.get("done")):
            return
        name, finished = trial.config["block"], bool(result.get("done"))
        ended = read_ended(self._folder, name) if finished and not result.get("error") else None
        self._on_progress(
            Progress(
                block=name,
                epoch=result.get("epoch", 0),
                epochs=result.get("epochs", 0),
                curves=curve_table(result.get("curves", {})),
                error=result.get("error"),
                finished=finished,
                runs=ended.tables["runs"] if ended is not None else None,
            )
        )
