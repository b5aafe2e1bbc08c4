"""The data of a program's members, stacked, transposed and padded: the stacked engine's own layout.

Axes: M member, F feature, J feature and one more, N sample (a multiple of 32), B sample of a batch (likewise).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy
import torch
from torch import Tensor

from spectra_tune import objectives
from spectra_tune.engine.members.draws import Samples
from spectra_tune.errors import InvalidStudy
from spectra_tune.objectives import objective_of

SAMPLE_MULTIPLE = 32
"""Padding the sample axis to this makes a member's bits independent of its company: no vectorised loop has a tail."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """Samples of all members.

    x_MJN: inputs, flat, and a last row of ones; members that share their data share its memory. weight_N: 1/n for each
    of the n samples, 0 for padding: weighted sums are means. scored: targets and scores, see spectra_tune.objectives.
    """

    x_MJN: Tensor
    weight_N: Tensor
    scored: Any
    count: int  # n

    @property
    def target(self) -> Tensor:
        """Targets (members, …, N)."""
        return self.scored.target


def stacked(samples: Sequence[Samples], task: Any, device: str, dtype: torch.dtype) -> Stack:
    """The members' samples on a device, padded with points of weight 0."""
    count = len(samples[0])
    if any(len(one) != count for one in samples):
        raise InvalidStudy(f"a task must draw equally many samples for every seed, got {[len(s) for s in samples]}")
    distinct = samples[:1] if all(one is samples[0] for one in samples) else samples
    length = count + -count % SAMPLE_MULTIPLE
    flat = [one.numbers.reshape(count, -1) for one in distinct]
    x_MJN = numpy.zeros((len(distinct), flat[0].shape[1] + 1, length))
    for number, x in enumerate(flat):
        x_MJN[number, :-1, :count] = x.T
    x_MJN[:, -1] = 1
    weight_N = numpy.zeros(length)
    weight_N[:count] = 1 / count
    weight = torch.tensor(weight_N, dtype=dtype, device=device)
    objective = objective_of(task)
    return Stack(
        x_MJN=torch.tensor(x_MJN, dtype=dtype, device=device).expand(len(samples), *x_MJN.shape[1:]),
        weight_N=weight,
        scored=objectives.implement(objective).Stacked(
            [one.y for one in distinct], weight, members=len(samples), outputs=objective.outputs(task)
        ),
        count=count,
    )


def batches_of(stack: Stack, order_MN: Tensor, size: int) -> tuple[Tensor, Tensor]:
    """An epoch's batches, padded like a stack: x (batches, members, J, B) and targets (batches, members, …, B).

    order_MN: each member's order of all its n samples. The last batch has what is left; the places after it repeat the
    member's first sample, and their weight must be 0.
    """
    members, count = order_MN.shape
    batches = -(-count // size)
    index_MN = torch.nn.functional.pad(order_MN, (0, batches * size - count))
    index_MTB = torch.nn.functional.pad(index_MN.view(members, batches, size), (0, -size % SAMPLE_MULTIPLE))
    index_MN = index_MTB.reshape(members, -1)
    return _batched(stack.x_MJN, index_MN, batches), _batched(stack.target, index_MN, batches)


def _batched(values: Tensor, index_MN: Tensor, batches: int) -> Tensor:
    """Values (members, …, N) at each member's places, by batch (batches, members, …, B)."""
    between = values.shape[1:-1]
    index = index_MN.view(len(index_MN), *[1] * len(between), -1).expand(-1, *between, -1)
    chosen = values.gather(values.ndim - 1, index).view(*values.shape[:-1], batches, -1)
    return chosen.movedim(-2, 0).contiguous()


def weights_of_batch(count: int, size: int, device: torch.device, dtype: torch.dtype) -> Tensor:
    """Weights (B,) of a batch of `count` samples, which has room for `size`: their sum is 1."""
    weight_B = torch.zeros(size + -size % SAMPLE_MULTIPLE, dtype=dtype, device=device)
    weight_B[:count] = 1 / count
    return weight_B
