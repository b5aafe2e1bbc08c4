"""Recurrent networks trained as one program of all members against the same modules in turn."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from benchmarks.arms import ARMS
from benchmarks.clock import interleaved, one_thread
from benchmarks.row import Row
from spectra_tune.design import Block, Condition
from spectra_tune.engine import BlockTraining
from spectra_tune.networks import rnn
from spectra_tune.tasks import adding

TARGET = 1.3
"""At least, below which a stacked form is not worth its code."""

SEEDS, BATCH, BATCHES = 16, 64, 10

CASES = tuple((cell, width, length) for cell in ("tanh", "gru") for width, length in ((32, 32), (32, 100), (64, 100)))
TINY = (("tanh", 8, 4), ("gru", 8, 4))


@dataclass(frozen=True, kw_only=True)
class InTurn:
    """A network without its stacked form."""

    of: Any

    def build(self, task: Any) -> Any:
        return self.of.build(task)

    def regularized(self, module: Any) -> Any:
        return self.of.regularized(module)

    def __str__(self) -> str:
        return f"{self.of} in turn"


def measure(*, tiny: bool) -> Iterator[Row]:
    """CPU time of an epoch in turn over that of the stacked program, one thread, without any evaluation."""
    repeats, seeds = (1, 2) if tiny else (5, SEEDS)
    with one_thread():
        for cell, width, length in TINY if tiny else CASES:
            for arm in ARMS:
                epochs = [_epoch(network, arm, seeds, length) for network in _both(cell, width)]
                taken = interleaved(*epochs, repeats=repeats)
                yield Row(
                    section="recurrent",
                    case=f"{cell}, width {width}, {length} positions, {seeds} seeds, {arm}",
                    ratios=tuple(in_turn / stacked for in_turn, stacked in taken),
                    target=None if tiny else TARGET,
                    figures={"step_ms": 1e3 * min(stacked for _, stacked in taken) / (seeds * BATCHES)},
                )


def _both(cell: str, width: int) -> tuple[Any, Any]:
    return InTurn(of=rnn(cell=cell, width=width)), rnn(cell=cell, width=width)


def _epoch(network: Any, arm: str, seeds: int, length: int) -> Any:
    """A call that trains all members for an epoch more."""
    task = adding(length=length, samples=BATCH * BATCHES)
    condition = Condition(task=task, network=network, epochs=1000, batch_size=BATCH)
    training = BlockTraining(Block(condition=condition, arms={arm: ARMS[arm]}, seeds=range(seeds)))
    training.train_only(1)
    return lambda: training.train_only(1)
