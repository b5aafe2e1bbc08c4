"""Train a block: its members in programs that advance in lockstep, with a report of all members at a time."""

import hashlib
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas
import torch

from spectra_tune.blocks.environment import environment
from spectra_tune.blocks.program import CHUNK, Program, generator_of
from spectra_tune.blocks.samples import cached_draws, digest_of
from spectra_tune.design import Block, Condition, InvalidStudy, Member, flat, members
from spectra_tune.networks import implement
from spectra_tune.results import CONDITION, CURVE_COLUMNS, MEASURES, TREATMENT, curve_table, run_table

REPORTS = 20
"""Reports of a block where none is asked for: of its Condition's epochs, an arm of more epochs makes more."""

CURVE_MEASURES = (("train", "loss"), ("train", "accuracy"), *(("validation", measure) for measure in MEASURES))


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Where a block stands: rows of the curve table since the report before, and at the end the run table."""

    epoch: int  # of the arm that trains longest
    epochs: int
    curves: pandas.DataFrame
    runs: pandas.DataFrame | None


def train(block: Block, *, device: str = "cpu", report_every: int | None = None) -> Iterator[Report]:
    """Trains all members of a block; yields a report every so many epochs (default: 20 reports) and at the end."""
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
        self._device = device
        self._task = block.condition.task
        self._draw = cached_draws(self._task)
        self._report_every = report_every or math.ceil(block.condition.epochs / REPORTS)
        self._capacity_ratio = capacity_ratio(block.condition)
        self._programs: list[Program] = []
        self._place: dict[int, tuple[Program, int]] = {}
        for indices in chunks(self.members):
            chosen = [self.members[index] for index in indices]
            program = Program(chosen, self._draw, self._capacity_ratio, device, dtype)
            self._programs.append(program)
            self._place |= {index: (program, slot) for slot, index in enumerate(indices)}
        self._curves: dict[str, list] = {name: [] for name in CURVE_COLUMNS}
        self._seconds = 0.0

    @property
    def epochs(self) -> int:
        return max(program.condition.epochs for program in self._programs)

    @property
    def epoch(self) -> int:
        return max(program.epoch for program in self._programs)

    @property
    def finished(self) -> bool:
        return all(program.finished for program in self._programs)

    def advance(self) -> Report:
        """Trains every unfinished program up to the next report."""
        begin = time.perf_counter()
        seen = len(self._curves["signature"])
        for program in self._programs:
            if program.epoch == 0:
                self._record(program)
            if not program.finished:
                program.train(min(self._report_every, program.condition.epochs - program.epoch))
                self._record(program)
        self._seconds += time.perf_counter() - begin
        new = {name: values[seen:] for name, values in self._curves.items()}
        return Report(
            epoch=self.epoch,
            epochs=self.epochs,
            curves=curve_table(new),
            runs=self.runs() if self.finished else None,
        )

    def _record(self, program: Program) -> None:
        """Appends a program's scores, sigmas and targets at its present epoch to the curves."""
        series = {f"{split}_{measure}": program.scores(split)[measure] for split, measure in CURVE_MEASURES}
        series |= {f"sigma_{layer}": values for layer, values in enumerate(program.sigmas(), start=1)}
        if program.penalised:
            targets = enumerate(program.targets_reached(), start=1)
            series |= {f"sigma_target_{layer}": values for layer, values in targets}
        for metric, values in series.items():
            for member, value in zip(program.members, values, strict=True):
                for name, entry in zip(CURVE_COLUMNS, (member.signature, program.epoch, metric, value), strict=True):
                    self._curves[name].append(entry)

    def curves(self) -> pandas.DataFrame:
        """The whole curve table so far."""
        return curve_table(self._curves)

    def runs(self) -> pandas.DataFrame:
        """The run table of a finished block."""
        ends = {id(program): _End(program) for program in self._programs}
        initial: dict[tuple, str] = {}
        records = []
        for index, member in enumerate(self.members):
            program, slot = self._place[index]
            key = (member.condition.network, member.seed, member.stream)
            if key not in initial:
                initial[key] = _init_digest(program, member)
            records.append(
                self._identity(member, program, initial[key])
                | ends[id(program)].of(slot)
                | self._constants(member)
                | {"seconds": self._seconds / len(self.members), "device": self._device}
            )
        return run_table(records)

    def _identity(self, member: Member, program: Program, init_digest: str) -> dict[str, Any]:
        protocol = flat(member.condition) | {"stream": member.stream, "task": str(member.condition.task)}
        protocol["batch_size"] = protocol["batch_size"] or 0
        del protocol["network"]
        return {
            "arm": member.arm,
            "seed": member.seed,
            "stage": member.stage,
            "signature": member.signature,
            "condition_signature": member.condition_signature,
            "environment": environment(self._device),
            **{name: protocol[name] for name in (*CONDITION, *protocol) if name in protocol},
            **{name: _or_nan(getattr(member.treatment, name)) for name in TREATMENT},
            "parameters": sum(value[0].numel() for value in program.parameters.values()),
            "capacity_ratio": self._capacity_ratio,
            "data_digest": digest_of([self._draw(split, member.seed) for split in program.stacks]),
            "init_digest": init_digest,
            "one_split": bool(getattr(self._task, "fixed", False)),
        }

    def _constants(self, member: Member) -> dict[str, float]:
        """Scores of the best constant predictor of each split; NaN where a split is not evaluated."""
        constants = {}
        for split in ("train", "validation", "test"):
            evaluated = split != "test" or member.stage == "confirm"
            of_split = self._draw(split, member.seed).scores_of_constant(self._task.classes) if evaluated else {}
            constants |= {f"{split}_{measure}_of_constant": of_split.get(measure, math.nan) for measure in MEASURES}
        return constants

    def save(self, file: Path) -> None:
        """Writes all that `load` needs to continue with equal bits."""
        state = {
            "programs": [program.state() for program in self._programs],
            "curves": self._curves,
            "seconds": self._seconds,
        }
        torch.save(state, file)

    def load(self, file: Path) -> None:
        """Continues from what an equal block saved."""
        state = torch.load(file, weights_only=True)
        for program, its_state in zip(self._programs, state["programs"], strict=True):
            program.restore(its_state)
        self._curves = {name: list(values) for name, values in state["curves"].items()}
        self._seconds = state["seconds"]


def _or_nan(value: Any) -> Any:
    """None as NaN, so that a column's type does not depend on which arms a table holds."""
    return math.nan if value is None else value


class _End:
    """A program's scores when it has finished."""

    def __init__(self, program: Program):
        self.scores = {split: program.scores(split) for split in program.stacks}
        self.sigmas = program.sigmas()
        self.finite = program.finite()

    def of(self, slot: int) -> dict[str, Any]:
        """Status, metrics and sigmas of one member; all NaN if it diverged."""
        losses = [self.scores[split]["loss"][slot] for split in self.scores]
        ok = self.finite[slot] and all(math.isfinite(loss) for loss in losses)
        row: dict[str, Any] = {"status": "ok" if ok else "diverged"}
        for split in ("train", "validation", "test"):
            for measure in MEASURES:
                known = ok and split in self.scores
                row[f"{split}_{measure}"] = self.scores[split][measure][slot] if known else math.nan
        for layer, values in enumerate(self.sigmas, start=1):
            row[f"sigma_{layer}"] = values[slot] if ok else math.nan
        return row


def chunks(of: tuple[Member, ...]) -> list[list[int]]:
    """Indices of the members of each program: equal protocols, penalised or not, 16 at a time."""
    groups: dict[tuple[Condition, bool], list[int]] = {}
    for index, member in enumerate(of):
        groups.setdefault((member.condition, member.treatment.strength > 0), []).append(index)
    return [group[start : start + CHUNK] for group in groups.values() for start in range(0, len(group), CHUNK)]


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


def _init_digest(program: Program, member: Member) -> str:
    """16 hex digits of sha256 over a member's initial weights."""
    initial = program.network.init(generator_of(member, "init"))
    seen = hashlib.sha256()
    for name in sorted(initial):
        seen.update(initial[name].numpy().tobytes())
    return seen.hexdigest()[:16]
