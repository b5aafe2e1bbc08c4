"""How long a block will train on this machine: by a few epochs of some of its members."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from spectra_tune.design import Block, members
from spectra_tune.engine.groups import stacks
from spectra_tune.engine.timing import seconds_of_timing
from spectra_tune.engine.training import BlockTraining

LEAST_S = 0.3
"""Of training, for a time to be read off it: a treatment by signals looks at its network every few epochs."""

FEW_SEEDS = 2
"""Of members that train in turn, each of which takes as long as the others; and of those that are probed."""

MANY_MEMBERS = 128
"""Of a program: in larger ones a member takes as long."""


def block_seconds(block: Block, *, device: str = "cpu") -> float:
    """Seconds of one worker for a block with its reports, probes, pictures and timings. Takes a small part of them."""
    few = many = replace(block, seeds=block.seeds[:FEW_SEEDS])
    if all(stacks(member.condition.network, member.condition.task) for member in members(few)):
        many = replace(block, seeds=block.seeds[: max(FEW_SEEDS, MANY_MEMBERS // len(block.arms))])
    of_few, of_many = (len(block.seeds) / len(one.seeds) for one in (few, many))

    def begun(some: Block = many) -> BlockTraining:
        return BlockTraining(some, device=device, report_every=1)

    epoch = _epoch(begun)
    set_up = _seconds(begun)
    reported = begun()
    report = max(0.0, _seconds(reported.advance) - epoch) / 2  # one at its start, one at its end
    probed = begun(few)
    probed.advance()
    probed.runs()  # what is loaded at the first use is not counted
    ends = of_few * _seconds(probed.runs) + _seconds(probed.figures)
    trained = of_many * (set_up + reported.epochs * epoch + (block.reports + 1) * report)
    return trained + ends + seconds_of_timing(block, of_many * epoch)


def _epoch(begun: Callable[[], BlockTraining]) -> float:
    """Seconds of an epoch but the first, in which programs are made; of one where there is no other."""
    training = begun()
    first = _seconds(lambda: training.train_only(1))
    if training.epochs == 1:
        return first
    second = _seconds(lambda: training.train_only(1))
    more = min(training.epochs - 2, round(LEAST_S / second))
    return _seconds(lambda: training.train_only(more)) / more if more > 0 else second


def _seconds(do: Callable[[], Any]) -> float:
    begin = time.perf_counter()
    do()
    return time.perf_counter() - begin
