"""What a block needs in memory, and how one that needs too much is split by its seeds."""

import itertools
import math
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy

from spectra_tune.design import Block, members
from spectra_tune.design.condition import MUON
from spectra_tune.engine.members.splits import TILE
from spectra_tune.engine.size import cells_of_sample, parameter_count
from spectra_tune.engine.stacked.chunks import GPU_CHUNK, chunks
from spectra_tune.engine.way import stacks
from spectra_tune.objectives import objective_of
from spectra_tune.tasks import shape_of
from spectra_tune.tasks.on_disk import MappedRows

BOUND_BYTES = 2**30
"""Of one Tune trial's block; beside it a worker needs about 0.5 GB for its libraries and 0.1 GB for passes."""

COPIES = 9
"""Numbers kept for each parameter: value, gradient, rate, decay, three of the optimizer, powers for its spectrum."""

SAMPLE_COPIES = 4
"""Of a run's own data, where it is stacked: training and validation, as torch takes them and as the kernel does."""

MUON_COPIES = 5
"""Beside them, where the optimizer is Muon: momentum, and of a hidden matrix two of it and two of its square."""

CURVE_ROW_BYTES, CURVES = 160, 12
"""Of a row of the curve table while it is made, and rows per member and report."""

TEST_SAMPLES = 5000

CONTEXT_BYTES = 2**29
"""Of a process on a GPU before it does anything: CUDA's context, the libraries' workspaces. Assumed, not measured."""

TARGET_BYTES = 8

REHEARSED = 1
"""Programs beside a block's own, that tell whether bits are free of company, one at a time."""

EVALUATED = 0.5
"""Of what a pass keeps for a backward one, that an evaluation has at a time: a few layers."""

PASS_COPIES = 5
"""Numbers a GPU keeps for each cell of a layer and sample of a pass, and for one of an evaluation (4 were measured)."""


def parts(block: Block, fewest: int = 1) -> tuple[Block, ...]:
    """The block itself, or at least so many blocks of fewer seeds each that need at most BOUND_BYTES.

    A member's bits do not depend on which part trains it. A single seed is never split. fewest: at most its seeds.
    """
    try:
        seeds = max(1, int(BOUND_BYTES // bytes_per_seed(block)))
    except Exception:  # anything that a user's network or task may raise: the trial that trains it says so
        return (block,)
    count = max(fewest, -(-len(block.seeds) // seeds))
    ends = [len(block.seeds) * number // count for number in range(count + 1)]
    return tuple(replace(block, seeds=block.seeds[start:end]) for start, end in itertools.pairwise(ends))


def bytes_per_seed(block: Block) -> int:
    """Bytes that each seed adds: its data, and for each arm parameters, state and curves.

    Stacked members have a copy of their data each; those that train in turn share it, as what it was drawn as.
    """
    data = _drawn_bytes(block) if stacks(block.condition) else sum(_held_bytes(block.condition.task))
    return data + len(block.arms) * bytes_per_member(block)


def bytes_per_member(block: Block) -> int:
    """Bytes of one run: 36 x parameters + curves, and stacked 16 x samples x (numbers of a sample + outputs + 4).

    With Muon 56 x parameters.
    """
    task = block.condition.task
    parameters = parameter_count(block.condition.network, task)
    columns = _numbers(task) + objective_of(task).outputs(task) + 4
    own = stacks(block.condition) and not getattr(task, "fixed", False)
    data = SAMPLE_COPIES * 4 * _samples(task) * columns if own else 0
    copies = COPIES + (MUON_COPIES if block.condition.optimizer == MUON else 0)
    return copies * 4 * parameters + data + (block.reports + 1) * CURVES * CURVE_ROW_BYTES


def bytes_on_gpu(block: Block) -> int:
    """Bytes of a GPU that a block needs: its programs there are padded, and train one after the other.

    Stacked: context + (programs + 1) x 256 x bytes of a member + 2 x 256 x samples of a batch and of an evaluation x
    numbers that a pass keeps x 20; the one more program is that which tells whether bits are free of company.
    In turn: context + seeds x bytes of their data + members x bytes of a member + what a pass keeps of a batch, twice.
    """
    task, condition = block.condition.task, block.condition
    samples, network = _samples(task), block.condition.network
    batch = condition.batch_size or samples
    if not stacks(condition):
        data = _held_bytes(task)[1] * (1 if getattr(task, "fixed", False) else len(block.seeds))
        passing = 4 * cells_of_sample(network, task) * max(2 * batch, round(EVALUATED * TILE))
        return CONTEXT_BYTES + data + len(block.arms) * len(block.seeds) * bytes_per_member(block) + passing
    programs = len(chunks(members(block), samples, "cuda")) + REHEARSED
    passing = PASS_COPIES * 4 * GPU_CHUNK * (batch + min(samples, TILE)) * network.stacked(task).kept
    return CONTEXT_BYTES + programs * GPU_CHUNK * bytes_per_member(block) + (1 + REHEARSED) * passing


@lru_cache(maxsize=256)
def _held_bytes(task: Any) -> tuple[int, int]:
    """Bytes of a seed's data as drawn, and as tensors, which bytes and tokens are as they were drawn.

    What stays on disk is not counted, nor what all seeds share.
    """
    if getattr(task, "fixed", False):
        return 0, 0
    x, samples = task.draw("train", 0)[0], _samples(task)
    drawn = 0 if isinstance(x, MappedRows) else x[:1].nbytes
    whole = x.dtype == numpy.uint8 or getattr(task, "vocabulary", None) is not None
    tensor = drawn if whole else 4 * drawn // x.dtype.itemsize
    return (2 * samples + TEST_SAMPLES) * (drawn + TARGET_BYTES), 2 * samples * (tensor + TARGET_BYTES)


def _drawn_bytes(block: Block) -> int:
    task = block.condition.task
    if getattr(task, "fixed", False):
        return 0
    return 8 * (2 * _samples(task) + TEST_SAMPLES) * (_numbers(task) + 1)


def _numbers(task: Any) -> int:
    """Of one sample's inputs."""
    shape = shape_of(task)
    return math.prod(shape if shape is not None else task.draw("train", 0)[0].shape[1:])


def _samples(task: Any) -> int:
    """Training points, counted where a task does not say."""
    known = getattr(task, "samples", None)
    return known if known is not None else len(task.draw("train", 0)[1])
