"""Whether a member's bits are free of its company on this processor: rehearsed, not assumed."""

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from spectra_tune.design import Member
from spectra_tune.engine.members.draws import Draw
from spectra_tune.engine.members.reactive_state import is_reactive
from spectra_tune.engine.stacked.chunks import penalty_of
from spectra_tune.engine.stacked.program import Program
from spectra_tune.engine.stacked.workspace import Workspace

COMPANY = 5
"""Members of the larger rehearsal."""

EPOCHS = 2

_REHEARSED: dict[tuple, bool] = {}


def equal_bits(members: Sequence[Member], draw: Draw, device: str, dtype: torch.dtype, size: int) -> bool:
    """Whether a program's first members end with equal bits alone and in other slots of a larger program.

    Rehearsed for a few epochs, once in a process for each architecture, optimizer, batch and penalty.
    """
    member = members[0]
    condition = replace(member.condition, epochs=min(EPOCHS, member.condition.epochs))
    key = (condition.network, condition.task, condition.optimizer, condition.batch_size, device, dtype, size)
    key = (
        *key,
        condition.clip,
        penalty_of(member),
        member.treatment.power,
        any(is_reactive(one) for one in members[:COMPANY]),
    )
    if key not in _REHEARSED:
        rehearsed = [
            replace(one, condition=replace(one.condition, epochs=condition.epochs)) for one in members[:COMPANY]
        ]
        company = [rehearsed[at % len(rehearsed)] for at in range(COMPANY)]
        orders = (company, company[::-1], company[:1])
        together, turned, alone = (_trained(order, draw, device, dtype, size) for order in orders)
        _REHEARSED[key] = all(
            _same(one, other.flip(0)) and _same(one[:1], first[:1])
            for one, other, first in zip(together, turned, alone, strict=True)
        )
    return _REHEARSED[key]


def _same(one: Tensor, other: Tensor) -> bool:
    """Whether all numbers are equal; of a network that diverged, what is not a number is so in both."""
    return bool(((one == other) | (one.isnan() & other.isnan())).all())


def _trained(members: Sequence[Member], draw: Draw, device: str, dtype: torch.dtype, size: int) -> list[Tensor]:
    """All parameters of the first members at the end; of a program that then is gone, with its memory."""
    program = Program(members, draw, 1.0, Workspace(device, dtype), device, dtype, size)
    program.train(min(EPOCHS, program.condition.total_epochs))
    return [value[:COMPANY].clone() for value in program.parameters.values()]
