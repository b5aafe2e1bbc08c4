"""How long a block will train on this machine: by a few epochs of some of its members, or a step of each network."""

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import torch

from spectra_tune.design import Block, Condition, Member, members
from spectra_tune.engine.environment import repeatable
from spectra_tune.engine.fused.choice import is_fused
from spectra_tune.engine.groups import stacks
from spectra_tune.engine.in_turn.data import Data
from spectra_tune.engine.in_turn.member import MemberInTurn
from spectra_tune.engine.members.draws import Draw
from spectra_tune.engine.members.generators import others_put_back
from spectra_tune.engine.size import parameter_count
from spectra_tune.engine.stacked.chunks import penalty_of
from spectra_tune.engine.timing import seconds_of_timing
from spectra_tune.engine.training import BlockTraining

LEAST_S = 0.3
"""Of training, for a time to be read off it: a treatment by signals looks at its network every few epochs."""

FEW_SEEDS = 2
"""Of members that are probed."""

MANY_MEMBERS = 128
"""Of a program: in larger ones a member takes as long."""


STEP_FUSED_S, STEP_S, STEP_IN_TURN_S, FLOPS = 5e-6, 18e-6, 5e-4, 100e9
"""Roughly, of one processor: a member's step without its arithmetic, by the kernel, in a program of torch's, and in
turn; arithmetic per second."""

PASS = 1 / 3
"""Of a step's time: its forward pass, which is all that an evaluation is."""

SLOW_S = 1.0
"""Of a step that is timed once."""

LEAST_PART_S = 5.0
"""Of a part of a block: Ray and a worker's start on it take half a second."""

PARTS_PER_WORKER = 4
"""Of each worker's share of a study, in which a part has no need to be smaller: so long workers wait at the end."""


def trains_stacked(block: Block) -> bool:
    """Whether all networks of a block train as programs."""
    return all(stacks(member.condition) for member in _one_seed(block))


def _one_seed(block: Block) -> tuple[Member, ...]:
    """A member of each arm."""
    return members(replace(block, seeds=block.seeds[:1]))


def fewest_parts(seconds: Sequence[float], seeds: Sequence[int], workers: int) -> list[int]:
    """In how many parts each block is to be trained, so that no worker waits for long at the end; at most its seeds."""
    if workers == 1:
        return [1] * len(seconds)
    of_part = max(LEAST_PART_S, sum(seconds) / (PARTS_PER_WORKER * workers))
    return [min(most, max(1, round(needed / of_part))) for needed, most in zip(seconds, seeds, strict=True)]


@repeatable()
@others_put_back()
def rough_seconds(block: Block, *, timed: bool = True) -> float:
    """About the seconds that one processor trains a block, without its probes and pictures.

    Of networks that train in turn by timing a step of each; of stacked ones, and where not `timed`, by arithmetic.
    """
    steps: dict[Any, float] = {}
    draw, seconds = Draw(block.condition.task), 0.0
    for member in _one_seed(block):
        condition = member.condition
        kind = (condition.network, condition.batch_size, condition.optimizer, condition.precision)
        kind = (*kind, condition.adversarial, penalty_of(member))
        in_turn = not stacks(condition)
        if kind not in steps:
            steps[kind] = _step(member, draw) if in_turn and timed else _arithmetic(member)
        evaluations = 2 * (min(block.reports, condition.total_epochs) + 1) if in_turn else 0  # of two splits
        seconds += _steps_of_epoch(condition) * steps[kind] * (condition.total_epochs + PASS * evaluations)
    return seconds * len(block.seeds)


def _samples(condition: Condition) -> int:
    task = condition.task
    return task.samples if hasattr(task, "samples") else len(task.draw("train", 0)[1])


def _steps_of_epoch(condition: Condition) -> int:
    return -(-_samples(condition) // (condition.batch_size or _samples(condition)))


def _arithmetic(member: Member) -> float:
    """Seconds of a member's step: what it costs however small it is, and its arithmetic by its parameters."""
    condition = member.condition
    flops = 6 * (condition.batch_size or _samples(condition)) * parameter_count(condition.network, condition.task)
    fused = is_fused(condition, member.treatment, condition.device or "cpu", torch.float32)
    own = STEP_IN_TURN_S if not stacks(condition) else STEP_FUSED_S if fused else STEP_S
    return own + flops / FLOPS


def _step(member: Member, draw: Draw) -> float:
    """Seconds of a step of a member that trains in turn, after one that is not counted unless it was slow."""
    trained = MemberInTurn(member, Data(member.condition.task, draw, "cpu", torch.float32), 1.0, "cpu", torch.float32)

    def step() -> None:
        trained.rehearse(sys.maxsize)

    first = _seconds(step)
    return first if first > SLOW_S else min(_seconds(step) for _ in range(3))


def block_seconds(block: Block, *, device: str = "cpu") -> float:
    """Seconds of one worker for a block with its reports, probes, pictures and timings. Takes a small part of them.

    Of networks that train in turn by timing a step of each, and the probes of one seed.
    """
    if not trains_stacked(block):
        one = BlockTraining(replace(block, seeds=block.seeds[:1]), device=device)
        ends = _seconds(one.runs) * len(block.seeds) if block.probes or block.evaluations else 0.0
        trained = rough_seconds(block)
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
