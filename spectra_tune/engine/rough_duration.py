"""About how long a block trains on one processor: by arithmetic, which loads no torch, or by steps that are timed."""

from collections.abc import Callable, Sequence
from typing import Any

from spectra_tune.design import Block, Condition, Member
from spectra_tune.engine.fused.choice import is_fused
from spectra_tune.engine.members.other_generators import others_put_back
from spectra_tune.engine.size import parameter_count
from spectra_tune.engine.stacked.chunks import penalty_of
from spectra_tune.engine.way import of_one_seed, stacks

STEP_FUSED_S, STEP_S, STEP_IN_TURN_S, FLOPS = 5e-6, 18e-6, 5e-4, 100e9
"""Roughly, of one processor: a member's step without its arithmetic, by the kernel, in a program of torch's, and in
turn; arithmetic per second."""

PASS = 1 / 3
"""Of a step's time: its forward pass, which is all that an evaluation is."""

LEAST_PART_S = 5.0
"""Of a part of a block: Ray and a worker's start on it take half a second."""

PARTS_PER_WORKER = 4
"""Of each worker's share of a study, in which a part has no need to be smaller: so long workers wait at the end."""


def fewest_parts(seconds: Sequence[float], seeds: Sequence[int], workers: int) -> list[int]:
    """In how many parts each block is to be trained, so that no worker waits for long at the end; at most its seeds."""
    if workers == 1:
        return [1] * len(seconds)
    of_part = max(LEAST_PART_S, sum(seconds) / (PARTS_PER_WORKER * workers))
    return [min(most, max(1, round(needed / of_part))) for needed, most in zip(seconds, seeds, strict=True)]


@others_put_back()
def rough_seconds(block: Block, *, step: Callable[[Member], float] | None = None) -> float:
    """About the seconds that one processor trains a block, without its probes and pictures.

    step: seconds of a step of a member that trains in turn, as `timed_step` times it; without it by arithmetic, as
    those of stacked members always are.
    """
    steps: dict[Any, float] = {}
    seconds = 0.0
    for member in of_one_seed(block):
        condition = member.condition
        kind = (condition.network, condition.batch_size, condition.optimizer, condition.precision)
        kind = (*kind, condition.adversarial, penalty_of(member))
        in_turn = not stacks(condition)
        if kind not in steps:
            steps[kind] = step(member) if in_turn and step is not None else _arithmetic(member)
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
    fused = is_fused(condition, member.treatment, condition.device or "cpu")
    own = STEP_IN_TURN_S if not stacks(condition) else STEP_FUSED_S if fused else STEP_S
    return own + flops / FLOPS
