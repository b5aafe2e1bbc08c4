"""Train a block: its members in groups that advance in lockstep, with a report of all members at a time."""

import hashlib
import math
import time
from collections.abc import Callable, Collection, Iterator
from functools import cached_property
from pathlib import Path
from typing import BinaryIO

import numpy
import pandas
import torch

from spectra_tune.design import Block, members
from spectra_tune.engine.environment import device_of, environment, repeatable
from spectra_tune.engine.evaluating import evaluated
from spectra_tune.engine.figure_data import figure_data
from spectra_tune.engine.groups import groups
from spectra_tune.engine.kept_models import packed
from spectra_tune.engine.members.draws import Draw
from spectra_tune.engine.members.other_generators import others_put_back
from spectra_tune.engine.probing import ProbeSet, series, take
from spectra_tune.engine.reports import Record, Report, curves_of, end_of_report, reported_every
from spectra_tune.engine.rows import Ends, table_of
from spectra_tune.engine.size import capacity_ratio
from spectra_tune.errors import InvalidStudy
from spectra_tune.objectives import objective_of
from spectra_tune.results import SIGMA, SIGMA_TARGET


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

    @repeatable()
    @others_put_back()
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
        device = self._device = device_of(block.condition, device)
        self._task = block.condition.task
        self._draw = Draw(self._task)
        self._report_every = report_every or reported_every(block.condition, block.reports)
        self._capacity_ratio = capacity_ratio(block.condition)
        self._groups = groups(self.members, self._draw, self._capacity_ratio, device, dtype)
        self._trainers = [group.trainer for group in self._groups]
        self._signatures = [[member.signature for member in trainer.members] for trainer in self._trainers]
        self._evaluations = block.evaluations
        self._probes, self._probed_at = block.probes, block.probed_at
        self._records: list[Record] = []
        self._reports, self._reported = 0, 0  # how many there were, and how many records they have told of
        self._recorded = [-1] * len(self._trainers)  # at which epoch each group was recorded last
        self._probed = [0] * len(self._trainers)  # at how many of the declared epochs each group was probed
        self._seconds = 0.0

    @cached_property
    def _probe_set(self) -> ProbeSet:
        return ProbeSet(self._task)

    @property
    def epochs(self) -> int:
        return max(trainer.condition.total_epochs for trainer in self._trainers)

    @property
    def epoch(self) -> int:
        return max(trainer.epoch for trainer in self._trainers)

    @property
    def share(self) -> float:
        """Of all members' epochs, those that are trained."""
        trained = sum(len(trainer.members) * trainer.mean_epoch for trainer in self._trainers)
        return trained / sum(len(trainer.members) * trainer.condition.total_epochs for trainer in self._trainers)

    @property
    def finished(self) -> bool:
        """Whether all is trained and told in a report."""
        return all(
            trainer.finished and at == trainer.epoch for trainer, at in zip(self._trainers, self._recorded, strict=True)
        )

    def advance(self) -> Report:
        """Trains every unfinished group up to the next report."""
        report = self.advance_for(math.inf)
        assert report is not None
        return report

    @repeatable()
    @others_put_back()
    def advance_for(self, seconds: float) -> Report | None:
        """The same, or None where so many seconds have passed at the end of an epoch on the way; the next call goes on.

        Where it stops changes no bit, and it can be saved there.
        """
        begin = time.perf_counter()
        try:
            for number in range(len(self._trainers)):
                if not self._to_next_report(number, lambda: time.perf_counter() - begin >= seconds):
                    return None
        finally:
            self._seconds += time.perf_counter() - begin
        self._reports += 1
        seen, self._reported = self._reported, len(self._records)
        return Report(
            epoch=self.epoch,
            epochs=self.epochs,
            runs=self.runs() if self.finished else None,
            records=self._records[seen:],
            signatures=self._signatures,
        )

    def _to_next_report(self, number: int, enough: Callable[[], bool]) -> bool:
        """Trains a group up to the next report and records it; False where it was broken off before."""
        trainer = self._trainers[number]
        if self._recorded[number] < 0:
            self._record(number)
        end = end_of_report(trainer.condition, self._reports, self._report_every)
        if self._recorded[number] == end:
            return True
        if not self._train_probing(number, end, enough):
            return False
        trainer.note_divergence()
        self._record(number)
        return True

    def _train_probing(self, number: int, end: int, enough: Callable[[], bool]) -> bool:
        """Trains a group up to an epoch, with its probes taken at the declared epochs before that one.

        False where there was enough before.
        """
        trainer = self._trainers[number]
        for epoch in self._probed_at[self._probed[number] :]:
            if epoch < end:
                trainer.train(epoch - trainer.epoch, enough)
                if trainer.epoch < epoch:
                    return False
                self._keep(number, series(take(trainer, self._probes, self._probe_set)))
                self._probed[number] += 1
        trainer.train(end - trainer.epoch, enough)
        return trainer.epoch == end

    @repeatable()
    @others_put_back()
    def train_only(self, epochs: int) -> None:
        """Trains every unfinished group for so many epochs without recording anything: for timing."""
        for trainer in self._trainers:
            if not trainer.finished:
                trainer.train(epochs)

    def _record(self, number: int) -> None:
        """Records a group's scores, sigmas and targets at its present epoch."""
        trainer = self._trainers[number]
        scored = {split: trainer.scores(split) for split in ("train", "validation")}
        of_epoch = {one.column: scored[one.split][one.metric.name] for one in objective_of(self._task).followed}
        of_epoch |= {f"{SIGMA}{layer}": of for layer, of in zip(trainer.layers, trainer.sigmas(), strict=True)}
        of_epoch |= trainer.of_phase()
        if trainer.targeted:
            targets = zip(trainer.layers, trainer.targets_reached(), strict=True)
            of_epoch |= {f"{SIGMA_TARGET}{layer}": values for layer, values in targets}
        self._keep(number, of_epoch)
        self._recorded[number] = trainer.epoch

    def _keep(self, number: int, of_epoch: dict[str, numpy.ndarray]) -> None:
        """Adds metrics of all members of a group at its present epoch to the curves."""
        values = numpy.stack(list(of_epoch.values()))
        epoch = self._trainers[number].epoch
        self._records.append(Record(group=number, epoch=epoch, metrics=tuple(of_epoch), values=values))

    def curves(self) -> pandas.DataFrame:
        """The whole curve table so far."""
        return curves_of(self._records, self._signatures)

    @repeatable()
    @others_put_back()
    def figures(self, seeds: tuple[int, ...] = ()) -> pandas.DataFrame:
        """The figure table of a finished block. seeds: of the block that it is a part of."""
        return figure_data(self._trainers, self._draw, seeds or tuple(member.seed for member in self.members))

    def models(self, signatures: Collection[str]) -> Iterator[dict[str, bytes]]:
        """The networks of these runs as files, by signature, group by group (see kept_models.py)."""
        return (packed(trainer, self._draw, set(signatures)) for trainer in self._trainers)

    @repeatable()
    @others_put_back()
    def runs(self) -> pandas.DataFrame:
        """The run table of a finished block."""
        ends, sizes, scores = {}, {}, {}
        of_groups = evaluated(self._trainers, self._evaluations, self._draw)
        for group, of_group in zip(self._groups, of_groups, strict=True):
            trainer = group.trainer
            results = take(trainer, self._probes, self._probe_set) if self._probes else {}
            end = Ends(trainer, group.equal_bits(), results)
            size = {"parameters": trainer.parameter_count, "capacity_ratio": self._capacity_ratio}
            for slot, place in enumerate(group.places):
                ends[place], sizes[place] = (end, slot), size
                scores[place] = of_group[slot]
        order = range(len(self.members))
        return table_of(
            self.members,
            self._draw,
            [ends[place] for place in order],
            [sizes[place] for place in order],
            self._seconds,
            self._device,
            self._evaluations,
            [scores[place] for place in order],
        )

    def save(self, file: Path | BinaryIO) -> None:
        """Writes all that `load` needs to continue with equal bits."""
        state = {
            "groups": [trainer.state() for trainer in self._trainers],
            "records": [(one.group, one.epoch, one.metrics, torch.from_numpy(one.values)) for one in self._records],
            "place": (self._reports, self._reported, self._recorded, self._probed),
            "seconds": self._seconds,
            "members": _digest(self._signatures),
            "environment": environment(self._device),
        }
        torch.save(state, file)

    def load(self, file: Path | BinaryIO) -> None:
        """Continues from what an equal block saved; begins anew where that was in another environment.

        A block whose bits are half of one software stack and half of another would repeat on none.
        """
        state = torch.load(file, weights_only=True)
        if state["environment"] != environment(self._device):
            return
        if state["members"] != _digest(self._signatures):
            raise InvalidStudy("a checkpoint must be of this block, it is another one's")
        for trainer, its_state in zip(self._trainers, state["groups"], strict=True):
            trainer.restore(its_state)
        self._records = [
            Record(group=group, epoch=epoch, metrics=tuple(metrics), values=values.numpy())
            for group, epoch, metrics, values in state["records"]
        ]
        self._reports, self._reported, self._recorded, self._probed = state["place"]
        self._seconds = state["seconds"]


def _digest(signatures: list[list[str]]) -> str:
    """sha256 (hex) of which members train where."""
    return hashlib.sha256(str(signatures).encode()).hexdigest()
