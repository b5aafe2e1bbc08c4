"""How long a block will train on this machine: by a few epochs of some of its members, or a step of each network."""

import sys
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch

from spectra_tune.design import Block, Member
from spectra_tune.engine.environment import repeatable
from spectra_tune.engine.in_turn.data import Data
from spectra_tune.engine.in_turn.member import MemberInTurn
from spectra_tune.engine.members.draws import Draw
from spectra_tune.engine.members.other_generators import others_put_back
from spectra_tune.engine.rough_duration import rough_seconds
from spectra_tune.engine.timing import seconds_of_timing
from spectra_tune.engine.training import BlockTraining
from spectra_tune.engine.way import trains_stacked

LEAST_S = 0.3
"""Of training, for a time to be read off it: a treatment by signals looks at its network every few epochs."""

FEW_SEEDS = 2
"""Of members that are probed."""

MANY_MEMBERS = 128
"""Of a program: in larger ones a member takes as long."""

SLOW_S = 1.0
"""Of a step that is timed once."""


def timed_step(task: Any) -> Callable[[Member], float]:
    """What times a step of a member that trains in turn, in seconds; all its members share what is drawn of the task.

    A step before it is not counted unless it was slow.
    """
    draw = Draw(task)

    @repeatable()
    @others_put_back()
    def seconds(member: Member) -> float:
        data = Data(member.condition.task, draw, "cpu", torch.float32)
        trained = MemberInTurn(member, data, 1.0, "cpu", torch.float32)

        def step() -> None:
            trained.rehearse(sys.maxsize)

        first = _seconds(step)
        return first if first > SLOW_S else min(_seconds(step) for _ in range(3))

    return seconds


def block_seconds(block: Block, *, device: str = "cpu") -> float:
    """Seconds of one worker for a block with its reports, probes, pictures and timings. Takes a small part of them.

    Of networks that train in turn by timing a step of each, and the probes of one seed.
    """
    if not trains_stacked(block):
        one = BlockTraining(replace(block, seeds=block.seeds[:1]), device=device)
        ends = _seconds(one.runs) * len(block.seeds) if block.probes or block.evaluations else 0.0
        trained = rough_seconds(block, step=timed_step(block.condition.task))
        return trained + ends + seconds_of_timing(block, trained / block.condition.total_epochs)
    few = replace(block, seeds=block.seeds[:FEW_SEEDS])
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
    ends = of_few * _seconds(probed.runs) + (_seconds(probed.figures) if block.pictured else 0.0)
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
