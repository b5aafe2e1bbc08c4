"""How long a block will train on this machine: by a few epochs of some of its members."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from spectra_tune.design import Block, members
from spectra_tune.engine.groups import stacks
from spectra_tune.engine.timing import seconds_of_timing
from spectra_tune.engine.training import BlockTraining

LEAST_S = 0.1
"""Of training, for a time to be read off it."""

FEW_SEEDS = 2
"""Of members that train in turn: each takes as long as the others."""

MANY_MEMBERS = 128
"""Of a program: in larger ones a member takes as long."""


def block_seconds(block: Block, *, device: str = "cpu") -> float:
    """Seconds of one worker for a block with its reports, probes, pictures and timings. Takes a small part of them."""
    few = replace(block, seeds=block.seeds[:FEW_SEEDS])
    if all(stacks(member.condition.network, member.condition.task) for member in members(few)):
        few = replace(block, seeds=block.seeds[: max(FEW_SEEDS, MANY_MEMBERS // len(block.arms))])
    share = len(few.seeds) / len(block.seeds)

    def begun() -> BlockTraining:
        return BlockTraining(few, device=device, report_every=1)

    once = _seconds(lambda: begun().train_only(1))  # programs and draws are made at their first use
    set_up = _seconds(begun)
    training = begun()
    epochs = min(training.epochs, max(1, round(LEAST_S / once)))
    epoch = _seconds(lambda: training.train_only(epochs)) / epochs
    reported = begun()
    report = max(0.0, _seconds(reported.advance) - epoch) / 2  # one at its start, one at its end
    runs, figures = _seconds(reported.runs), _seconds(reported.figures)
    of_members = set_up + training.epochs * epoch + (block.reports + 1) * report + runs
    return of_members / share + figures + seconds_of_timing(block, epoch / share)


def _seconds(do: Callable[[], Any]) -> float:
    begin = time.perf_counter()
    do()
    return time.perf_counter() - begin
