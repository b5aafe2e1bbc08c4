"""Train a block: its members in programs that advance in lockstep, with a report of all members at a time."""

import hashlib
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy
import pandas
import torch

from spectra_tune.design import Block, Condition, InvalidStudy, Member, members
from spectra_tune.engine.batch_invariance import equal_bits
from spectra_tune.engine.environment import environment, one_thread_of_torch
from spectra_tune.engine.figure_data import figure_data
from spectra_tune.engine.probing import ProbeResults, ProbeSet, columns, series, take
from spectra_tune.engine.protocol import protocol_of
from spectra_tune.engine.samples import cached_draws, digest_of
from spectra_tune.engine.stacked.chunks import chunks
from spectra_tune.engine.stacked.program import Program
from spectra_tune.engine.stacked.workspace import Workspace
from spectra_tune.networks import implement
from spectra_tune.results import CONDITION, COST, TREATMENT, curve_table, run_table

MEASURES = ("accuracy", "balanced_accuracy", "loss")
CURVE_MEASURES = (("train", "loss"), ("train", "accuracy"), *(("validation", measure) for measure in MEASURES))


@dataclass(frozen=True, kw_only=True)
class Record:
    """What one program's members scored at one epoch: a value per member and metric."""

    program: int
    epoch: int
    metrics: tuple[str, ...]
    values: numpy.ndarray  # (metrics, members) float64


@dataclass(frozen=True, kw_only=True)
class Report:
    """Where a block stands: what was recorded since the report before, and at the end the run table."""

    epoch: int  # of the arm that trains longest
    epochs: int
    runs: pandas.DataFrame | None
    records: list[Record]
    signatures: list[list[str]]  # of each program's members

    @cached_property
    def curves(self) -> pandas.DataFrame:
        """Rows of the curve table since the report before."""
        return _curve_table(self.records, self.signatures)


def train(block: Block, *, device: str = "cpu", report_every: int | None = None) -> Iterator[Report]:
    """Trains all members of a block; yields a report every so many epochs (else as many as the block says)."""
    training = BlockTraining(block, device=device, report_every=report_every)
    while not training.finished:
        yield training.advance()


def run_block(block: Block, *, device: str = "cpu") -> pandas.DataFrame:
    """The run table of a block, one row per run, arm by arm and seed by seed."""
    *_, last = train(block, device=device)
    assert last.runs is not None
    return last.runs


class BlockTraining:
    """A block in training, which can be saved and continued with equal bits."""

    @one_thread_of_torch()
    def __init__(
        self,
        block: Block,
        *,
        device: str = "cpu",
        report_every: int | None = None,
        dtype: torch.dtype = torch.float32,
    ):
        if report_every is not None and report_every < 1:
            raise InvalidStudy(f"report_every must be at least one epoch, got {report_every}")
        self.members = members(block)
        self._device, self._dtype = device, dtype
        self._task = block.condition.task
        self._draw = cached_draws(self._task)
        self._report_every = report_every or math.ceil(block.condition.epochs / block.reports)
        self._capacity_ratio = capacity_ratio(block.condition)
        arena = Workspace(device, dtype)
        self._programs: list[Program] = []
        self._sizes: list[int] = []
        self._place: dict[int, tuple[int, int]] = {}
        for indices, size in chunks(self.members, len(self._draw("train", self.members[0].seed).y), device):
            chosen = [self.members[index] for index in indices]
            self._place |= {index: (len(self._programs), slot) for slot, index in enumerate(indices)}
            self._programs.append(Program(chosen, self._draw, self._capacity_ratio, arena, device, dtype, size))
            self._sizes.append(size)
        self._signatures = [[member.signature for member in program.members] for program in self._programs]
        self._probes, self._probed_at = block.probes, block.probed_at
        self._records: list[Record] = []
        self._seconds = 0.0

    @cached_property
    def _probe_set(self) -> ProbeSet:
        return ProbeSet(self._task)

    @property
    def epochs(self) -> int:
        return max(program.condition.epochs for program in self._programs)

    @property
    def epoch(self) -> int:
        return max(program.epoch for program in self._programs)

    @property
    def finished(self) -> bool:
        return all(program.finished for program in self._programs)

    @one_thread_of_torch()
    def advance(self) -> Report:
        """Trains every unfinished program up to the next report."""
        begin = time.perf_counter()
        seen = len(self._records)
        for number, program in enumerate(self._programs):
            if program.epoch == 0:
                self._record(number)
            if not program.finished:
                self._train_probing(number, min(program.epoch + self._report_every, program.condition.epochs))
                program.note_divergence()
                self._record(number)
        self._seconds += time.perf_counter() - begin
        return Report(
            epoch=self.epoch,
            epochs=self.epochs,
            runs=self.runs() if self.finished else None,
            records=self._records[seen:],
            signatures=self._signatures,
        )

    def _train_probing(self, number: int, end: int) -> None:
        """Trains a program up to an epoch, with its probes taken at the declared epochs before that one."""
        program = self._programs[number]
        for epoch in self._probed_at:
            if program.epoch <= epoch < end:
                program.train(epoch - program.epoch)
                self._keep(number, series(take(program, self._probes, self._probe_set)))
        program.train(end - program.epoch)

    @one_thread_of_torch()
    def train_only(self, epochs: int) -> None:
        """Trains every unfinished program for so many epochs without recording anything: for timing."""
        for program in self._programs:
            if not program.finished:
                program.train(epochs)

    def _record(self, number: int) -> None:
        """Records a program's scores, sigmas and targets at its present epoch."""
        program = self._programs[number]
        scored = {split: program.scores(split) for split in ("train", "validation")}
        of_epoch = {f"{split}_{measure}": scored[split][measure] for split, measure in CURVE_MEASURES}
        of_epoch |= {f"sigma_{layer}": values for layer, values in enumerate(program.sigmas(), start=1)}
        if program.penalised:
            targets = enumerate(program.targets_reached(), start=1)
            of_epoch |= {f"sigma_target_{layer}": values for layer, values in targets}
        self._keep(number, of_epoch)

    def _keep(self, number: int, of_epoch: dict[str, numpy.ndarray]) -> None:
        """Adds metrics of all members of a program at its present epoch to the curves."""
        values = numpy.stack(list(of_epoch.values()))
        epoch = self._programs[number].epoch
        self._records.append(Record(program=number, epoch=epoch, metrics=tuple(of_epoch), values=values))

    def curves(self) -> pandas.DataFrame:
        """The whole curve table so far."""
        return _curve_table(self._records, self._signatures)

    @one_thread_of_torch()
    def figures(self) -> pandas.DataFrame:
        """The figure table of a finished block."""
        return figure_data(self._programs, tuple(dict.fromkeys(member.seed for member in self.members)))

    @one_thread_of_torch()
    def runs(self) -> pandas.DataFrame:
        """The run table of a finished block."""
        ends = [
            _End(
                program,
                equal_bits(program.members, self._draw, self._device, self._dtype, size),
                take(program, self._probes, self._probe_set) if self._probes else {},
            )
            for program, size in zip(self._programs, self._sizes, strict=True)
        ]
        about: dict[str, dict[str, Any]] = {}
        records = []
        for index, member in enumerate(self.members):
            number, slot = self._place[index]
            program = self._programs[number]
            if member.arm not in about:
                about[member.arm] = self._protocol(member, program)
            records.append(
                about[member.arm]
                | {"seed": member.seed, "signature": member.signature}
                | self._draws(member, program, slot)
                | ends[number].of(slot)
                | {"seconds": self._seconds / len(self.members), "device": self._device}
                | dict.fromkeys(COST, math.nan)
            )
        return run_table(records)

    def _protocol(self, member: Member, program: Program) -> dict[str, Any]:
        """What all runs of a member's arm have in common."""
        protocol = protocol_of(member)
        return {
            "arm": member.arm,
            "stage": member.stage,
            "condition_signature": member.condition_signature,
            "environment": environment(self._device),
            **{name: protocol[name] for name in (*CONDITION, *protocol) if name in protocol},
            **{name: _or_nan(getattr(member.treatment, name)) for name in TREATMENT},
            "parameters": sum(value[0].numel() for value in program.parameters.values()),
            "capacity_ratio": self._capacity_ratio,
            "one_split": bool(getattr(self._task, "fixed", False)),
        }

    def _draws(self, member: Member, program: Program, slot: int) -> dict[str, Any]:
        """Digests of a member's data and initial weights; scores of the best constant predictor, NaN where a split is
        not evaluated."""
        drawn = {split: self._draw(split, member.seed) for split in program.splits}
        row: dict[str, Any] = {
            "data_digest": digest_of(list(drawn.values())),
            "init_digest": program.init_digests[slot],
        }
        for split in ("train", "validation", "test"):
            of_split = drawn[split].scores_of_constant if split in drawn else {}
            row |= {f"{split}_{measure}_of_constant": of_split.get(measure, math.nan) for measure in MEASURES}
        return row

    def save(self, file: Path) -> None:
        """Writes all that `load` needs to continue with equal bits."""
        state = {
            "programs": [program.state() for program in self._programs],
            "records": [(one.program, one.epoch, one.metrics, torch.from_numpy(one.values)) for one in self._records],
            "seconds": self._seconds,
            "members": _digest(self._signatures),
            "environment": environment(self._device),
        }
        torch.save(state, file)

    def load(self, file: Path) -> None:
        """Continues from what an equal block saved; begins anew where that was in another environment.

        A block whose bits are half of one software stack and half of another would repeat on none.
        """
        state = torch.load(file, weights_only=True)
        if state["environment"] != environment(self._device):
            return
        if state["members"] != _digest(self._signatures):
            raise InvalidStudy(f"{file} must be a checkpoint of this block, it is another one's")
        for program, its_state in zip(self._programs, state["programs"], strict=True):
            program.restore(its_state)
        self._records = [
            Record(program=program, epoch=epoch, metrics=tuple(metrics), values=values.numpy())
            for program, epoch, metrics, values in state["records"]
        ]
        self._seconds = state["seconds"]


def _digest(signatures: list[list[str]]) -> str:
    """sha256 (hex) of which members train where."""
    return hashlib.sha256(str(signatures).encode()).hexdigest()


def _or_nan(value: Any) -> Any:
    """None as NaN, so that a column's type does not depend on which arms a table holds."""
    return math.nan if value is None else value


def _curve_table(records: list[Record], signatures: list[list[str]]) -> pandas.DataFrame:
    """The curve table of these records: metric by metric, each member's value."""
    columns: dict[str, list[numpy.ndarray]] = {"signature": [], "epoch": [], "metric": [], "value": []}
    of_program = [numpy.array(names, dtype=object) for names in signatures]
    for one in records:
        metrics, members = one.values.shape
        columns["signature"].append(numpy.tile(of_program[one.program], metrics))
        columns["epoch"].append(numpy.full(metrics * members, one.epoch))
        columns["metric"].append(numpy.repeat(numpy.array(one.metrics, dtype=object), members))
        columns["value"].append(one.values.ravel())
    return curve_table({name: numpy.concatenate(parts) if parts else [] for name, parts in columns.items()})


class _End:
    """A program's scores when it has finished."""

    def __init__(self, program: Program, equal_bits: bool, readings: ProbeResults):
        self.equal_bits, self.readings = equal_bits, readings
        self.scores = {split: program.scores(split) for split in program.splits}
        self.sigmas = program.sigmas()
        self.diverged, self.fallbacks = program.diverged, program.fallbacks()

    def of(self, slot: int) -> dict[str, Any]:
        """Status, metrics and sigmas of one member; all NaN if it diverged."""
        ok = slot not in self.diverged and all(math.isfinite(of["loss"][slot]) for of in self.scores.values())
        row: dict[str, Any] = {"status": "ok" if ok else "diverged"}
        row |= {"diverged_at": float(self.diverged.get(slot, math.nan)), "sigma_fallbacks": self.fallbacks[slot]}
        row["equal_bits"] = self.equal_bits
        for split in ("train", "validation", "test"):
            for measure in MEASURES:
                known = ok and split in self.scores
                row[f"{split}_{measure}"] = float(self.scores[split][measure][slot]) if known else math.nan
        for layer, values in enumerate(self.sigmas, start=1):
            row[f"sigma_{layer}"] = float(values[slot]) if ok else math.nan
        return row | (columns(self.readings, slot) if self.readings else {})


def capacity_ratio(condition: Condition) -> float:
    """Parameters of the network over those of the same network at the task's reference width; NaN without one."""
    reference = getattr(condition.task, "reference_width", None)
    if reference is None or not hasattr(condition.network, "width"):
        return math.nan
    same = replace(condition.network, width=reference)
    return parameter_count(condition.network, condition.task) / parameter_count(same, condition.task)


def parameter_count(network: Any, task: Any) -> int:
    """Trainable numbers of a network on a task."""
    return sum(value.numel() for value in implement(network, task).init(torch.Generator()).values())
