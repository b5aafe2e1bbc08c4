"""Whether a member's bits are free of its company on this processor: rehearsed, not assumed."""

from collections.abc import Callable
from dataclasses import replace

import torch

from spectra_tune.blocks.arena import Arena
from spectra_tune.blocks.program import Program
from spectra_tune.blocks.samples import Samples
from spectra_tune.design import Member

COMPANY = 5
"""Members of the larger rehearsal."""

EPOCHS = 2

_REHEARSED: dict[tuple, bool] = {}


def equal_bits(member: Member, draw: Callable[[str, int], Samples], device: str, dtype: torch.dtype, size: int) -> bool:
    """Whether the member, trained alone and in every slot of a larger program, ends with equal bits.

    Rehearsed for a few epochs, once in a process for each architecture, optimizer, batch and penalty.
    """
    condition = replace(member.condition, epochs=min(EPOCHS, member.condition.epochs))
    key = (condition.network, condition.task, condition.optimizer, condition.batch_size, device, dtype, size)
    key = (*key, member.treatment.strength > 0)
    if key not in _REHEARSED:
        rehearsed = replace(member, condition=condition)
        alone, many = (
            Program([rehearsed] * count, draw, 1.0, Arena(device, dtype), device, dtype, size) for count in (1, COMPANY)
        )
        for program in (alone, many):
            program.train(condition.epochs)
        pairs = zip(alone.parameters.values(), many.parameters.values(), strict=True)
        _REHEARSED[key] = all(torch.equal(one[:1].expand_as(all_of_them), all_of_them) for one, all_of_them in pairs)
    return _REHEARSED[key]
