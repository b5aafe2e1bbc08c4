"""What an arm costs: timed in programs of this arm alone, interleaved with the other arms'.

In a mixed block the arms share programs, caches and reports, so its time cannot be taken apart.
"""

import time
from dataclasses import dataclass, replace
from statistics import median

import torch

from spectra_tune.design import Block
from spectra_tune.engine.training import BlockTraining
from spectra_tune.engine.way import stacks
from spectra_tune.results import COST_REPEATS

REPEATS = len(COST_REPEATS)
"""Of each arm, after one that is not counted."""

MOST_SEEDS, IN_TURN_SEEDS = 8, 2
"""Of a block that are timed; fewer where each member takes as long by itself as beside others."""

LEAST_S = 0.03
"""Seconds of a repeat, where an arm's training is that long: a single epoch of a small network is lost in noise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Seconds per epoch of one run of an arm, one for each repeat; repeats of equal number were timed in a row."""

    arm: str
    device: str
    seconds_per_epoch: tuple[float, ...]

    @property
    def columns(self) -> dict[str, float]:
        """The run table's cost columns: the median of the repeats, and each of them."""
        return {
            "seconds_per_epoch": median(self.seconds_per_epoch),
            **dict(zip(COST_REPEATS, self.seconds_per_epoch, strict=True)),
        }


def time_arms(block: Block, *, device: str = "cpu", repeats: int = REPEATS) -> dict[str, Timing]:
    """Times every arm of a block, by name: training steps only, without drawing data, reports and evaluation.

    Each arm trains up to MOST_SEEDS of the block's seeds (in turn, IN_TURN_SEEDS) for LEAST_S or a whole training at a
    time; an arm whose epochs do not suffice starts anew.
    """
    seeds = block.seeds[: _most_seeds(block)]
    single = {name: replace(block, arms={name: arm}, seeds=seeds) for name, arm in block.arms}
    trainings = {name: BlockTraining(of_arm, device=device) for name, of_arm in single.items()}
    epochs = {}
    for name, training in trainings.items():
        once = _seconds(training, 1, device)
        epochs[name] = min(training.epochs, max(1, round(LEAST_S / max(once, 1e-9))))
    seconds: dict[str, list[float]] = {name: [] for name in single}
    for _ in range(repeats):
        for name, of_arm in single.items():
            if trainings[name].epoch + epochs[name] > trainings[name].epochs:
                trainings[name] = BlockTraining(of_arm, device=device)
            elapsed = _seconds(trainings[name], epochs[name], device)
            seconds[name].append(elapsed / epochs[name] / len(seeds))
    return {name: Timing(arm=name, device=device, seconds_per_epoch=tuple(values)) for name, values in seconds.items()}


def seconds_of_timing(block: Block, epoch: float) -> float:
    """About the seconds that `time_arms` takes of a block whose epoch, of all members, takes so many."""
    of_epoch = epoch * min(_most_seeds(block), len(block.seeds)) / len(block.seeds)
    least = min(LEAST_S * len(block.arms), of_epoch * block.condition.total_epochs)
    return (REPEATS + 1) * max(least, of_epoch)


def _most_seeds(block: Block) -> int:
    return MOST_SEEDS if stacks(block.condition) else IN_TURN_SEEDS


def _seconds(training: BlockTraining, epochs: int, device: str) -> float:
    """Seconds that so many epochs of all members take."""
    if device != "cpu":
        torch.cuda.synchronize(device)
    begin = time.perf_counter()
    training.train_only(epochs)
    if device != "cpu":
        torch.cuda.synchronize(device)
    return time.perf_counter() - begin
