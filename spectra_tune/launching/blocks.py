"""Run the blocks of a study as Ray Tune trials: one trial per block or part of one, resumed where it stopped."""

import math
import pickle
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from types import ModuleType

import pandas
from ray import cloudpickle, tune

from spectra_tune import engine
from spectra_tune.design import Block, InvalidStudy, members
from spectra_tune.launching import block_store
from spectra_tune.launching.attempts import attempts, forget_attempts, interruptions
from spectra_tune.launching.begun_blocks import begun_blocks, forget_state, going_on
from spectra_tune.launching.block_store import Ended, ended_blocks, read_all, table_of, within
from spectra_tune.launching.gpus import gpu_share, has_gpus, note_gpus, resources, workers
from spectra_tune.launching.kept_models import forget_models
from spectra_tune.launching.parts import Part, handed_out, left, named_parts, whole_again
from spectra_tune.launching.rays_state import forget_trials
from spectra_tune.launching.silent import Silent
from spectra_tune.launching.trainables import BlockTrainable
from spectra_tune.results import Tables, curve_table, figure_table, joined

RETRIES = 2
"""Of a block whose worker died."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """What a block's newest report says, or that of one of its parts."""

    block: str
    epoch: float  # the mean over its members; of one whose arms differ in it, about
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
    """Trains the blocks on the connected cluster, a Tune trial each; `blocks` by the names they are shown under.

    A block that would keep workers idle goes out in parts, a trial each (see parts.py). storage: an absolute folder or
    a URI. on_progress is called in this process after each report. With resume, what has ended is read back, what has
    begun goes on from the state that it last kept, and the rest begins. by_value: modules that workers do not have,
    such as a user's study file; what they define travels with the blocks.
    """
    for module in by_value:
        cloudpickle.register_pickle_by_value(module)
    folder = within(storage, name)
    with whole_records(folder):
        if not resume:
            block_store.forget(folder, named_parts(ended_blocks(folder), blocks))
            for part in named_parts(begun_blocks(folder), blocks):
                forget_state(folder, part)
            forget_attempts(folder)
            forget_models(folder)
        ended = named_parts(ended_blocks(folder), blocks)
        begun = going_on(folder, blocks, ended.values())
        seeds_left = left(blocks, [*ended.values(), *begun.values()])
        to_train = [*seeds_left, *(part.of for part in begun.values())]
        if not to_train:
            return _collected(folder, blocks, {})
        for one in to_train:
            members(blocks[one])  # a user's own source is read here, where it is, and its digest travels along
        most = workers(_on_gpu(blocks[one]) for one in to_train)
        parts = begun | handed_out(blocks, seeds_left, most, gpus=has_gpus())
        forget_trials(folder, lambda trial: bool(named_parts([trial], blocks)))
        tuner = tune.Tuner(
            _trainable(parts, folder),
            param_space={"block": tune.grid_search(list(parts))},
            tune_config=tune.TuneConfig(
                reuse_actors=True,
                trial_name_creator=_name_of,
                trial_dirname_creator=_name_of,
            ),
            run_config=tune.RunConfig(
                name=name,
                storage_path=storage,
                verbose=0,
                progress_reporter=Silent(),
                callbacks=[_Listener(on_progress, folder, ended | parts)],
                failure_config=tune.FailureConfig(max_failures=RETRIES),
                checkpoint_config=tune.CheckpointConfig(checkpoint_frequency=0, checkpoint_at_end=False),
            ),
        )
        return _collected(folder, blocks, _errors(tuner.fit()))


def _name_of(trial) -> str:
    """Not a lambda: Ray would pickle its code for every trial."""
    return trial.config["block"]


def _trainable(parts: Mapping[str, Part], folder: str) -> Callable:
    """What trains each part, with what it asks of the cluster."""
    needed = {one: _on_gpu(part.block) for one, part in parts.items()}
    shares = {need: gpu_share(need, len(parts)) for need in set(needed.values())}  # Ray is asked once for each
    note_gpus(folder, [one for one, need in needed.items() if shares[need]])
    return tune.with_resources(
        tune.with_parameters(BlockTrainable, parts=dict(parts), folder=folder),
        lambda config: resources(shares[needed[config["block"]]]),
    )


def _on_gpu(block: Block) -> float:
    """Bytes that a block needs of a GPU; a whole one where that cannot be said, 0 where it wants none."""
    if block.condition.device == "cpu":
        return 0.0
    try:
        return engine.bytes_on_gpu(block)
    except Exception:  # anything that a user's network or task may raise: the trial that trains it says so
        return math.inf


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


def _errors(grid: tune.ResultGrid) -> dict[str, object]:
    """What Ray says of the trials that the machine failed, by block."""
    return {result.config["block"]: result.error for result in grid if result.config and result.error is not None}


def _collected(folder: str, blocks: Mapping[str, Block], errors: Mapping[str, object]) -> Trained:
    """The tables of all blocks, ordered by block; of one that the machine failed, failed runs.

    While blocks are left, no tables: nobody asks for them, and those of a long study take gigabytes.
    """
    ended = named_parts(ended_blocks(folder), blocks)
    lost = {name: part for name, part in named_parts(errors, blocks).items() if name not in ended}
    blocks_lost = tuple(name for name in blocks if any(part.of == name for part in lost.values()))
    if left(blocks, [*ended.values(), *lost.values()]):
        return Trained(tables=joined([]), failures={}, lost=blocks_lost, complete=False)
    read = read_all(folder, ended)
    gave: dict[str, list[tuple[Part, Ended | Tables]]] = {name: [] for name in blocks}
    reasons: dict[str, list[str]] = {name: [] for name in blocks}
    for name, part in (ended | lost).items():
        if name in read:
            gave[part.of].append((part, read[name]))
            reasons[part.of] += [read[name].facts["error"]] if "error" in read[name].facts else []
        else:
            reasons[part.of].append(_last_line(errors[name]))
            runs = engine.failed_runs(part.block).assign(interruptions=interruptions(attempts(folder, name)))
            gave[part.of].append((part, Tables(runs, curve_table({}), figure_table({}))))
    failures = {name: "; ".join(dict.fromkeys(of_block)) for name, of_block in reasons.items() if of_block}
    tables = joined(_tables([gave[name] for name in blocks]))
    return Trained(tables=tables, failures=failures, lost=blocks_lost, complete=True)


def _tables(of_blocks: Sequence[list[tuple[Part, Ended | Tables]]]) -> Iterator[Tables]:
    """The tables of blocks from what their parts gave; of those that ended whole all that are in a row."""
    for whole, blocks in groupby(of_blocks, key=lambda parts: len(parts) == 1 and isinstance(parts[0][1], Ended)):
        if whole:
            yield _ended_tables([gave for ((_, gave),) in blocks if isinstance(gave, Ended)])
            continue
        for parts in blocks:
            of_parts = [(part, _ended_tables([gave]) if isinstance(gave, Ended) else gave) for part, gave in parts]
            yield whole_again(of_parts, parts[0][0].whole)


def _ended_tables(blocks: Sequence[Ended]) -> Tables:
    return Tables(*(table_of(blocks, name) for name in Tables._fields))


def _last_line(error: object) -> str:
    """The end of what Ray says of a trial: the error itself comes last."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines or [type(error).__name__])[-1][-300:]


class _Listener(tune.Callback):
    """Hands every result on as a Progress of its block. Ray stores callbacks with a study: this one with nothing."""

    def __init__(
        self,
        on_progress: Callable[[Progress], None] | None = None,
        folder: str = "",
        parts: Mapping[str, Part] | None = None,
    ):
        self._on_progress, self._folder, self._parts = on_progress, folder, parts or {}
        there = ended_blocks(folder) if on_progress else set()
        self._epochs = {name: math.inf if name in there else 0.0 for name in self._parts}  # infinite at the end
        self._errors: dict[str, list[str]] = {}

    def __reduce__(self):
        return _Listener, ()

    def on_trial_result(self, iteration, trials, trial, result, **info) -> None:  # noqa: ARG002, Ray calls by name
        if self._on_progress is None or ("epoch" not in result and not result.get("done")):
            return
        name, epochs = trial.config["block"], result.get("epochs", 0)
        part = self._parts[name]
        self._epochs[name] = math.inf if result.get("done") else result["epoch"]
        if result.get("error"):
            self._errors.setdefault(part.of, []).append(result["error"])
        beside = {one: of for one, of in self._parts.items() if of.of == part.of}
        trained = sum(len(of.seeds) * min(self._epochs[one], epochs) for one, of in beside.items())
        finished = all(self._epochs[one] == math.inf for one in beside)
        errors = self._errors.get(part.of, [])
        self._on_progress(
            Progress(
                block=part.of,
                epoch=trained / sum(len(of.seeds) for of in beside.values()),
                epochs=epochs,
                curves=curve_table(result.get("curves", {})),
                error="; ".join(dict.fromkeys(errors)) or None,
                finished=finished,
                runs=self._runs(beside) if finished and not errors else None,
            )
        )

    def on_trial_complete(self, iteration, trials, trial, **info) -> None:  # noqa: ARG002, Ray calls by name
        """Lets go of what Ray keeps of every number in a trial's results: its last values and their means, 30 kB."""
        trial.metric_analysis.clear()
        trial.metric_n_steps.clear()

    def _runs(self, parts: Mapping[str, Part]) -> pandas.DataFrame:
        """The run table of a block whose parts have all ended."""
        read, nothing = read_all(self._folder, parts), (curve_table({}), figure_table({}))
        tables = [(part, Tables(table_of([read[name]], "runs"), *nothing)) for name, part in parts.items()]
        return whole_again(tables, tables[0][0].whole).runs
