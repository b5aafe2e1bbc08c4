"""Which members of a block train together in one program."""

from collections.abc import Sequence
from typing import Any

from spectra_tune.design import Member
from spectra_tune.engine.fused.choice import is_fused

CELLS = 2**19
"""Numbers that a layer of all a program's members should hold at a time, so that it stays in a processor's cache."""

FUSED_NUMBERS = 2**23
"""Of the training samples of all a program's members where the kernel trains it, one member after another."""

MOST_MEMBERS = 256

GPU_CHUNK = 256
"""Members of a program on a GPU, which chooses its kernels by their number."""


def shared_protocol(member: Member) -> tuple[Any, ...]:
    """What all members of a program have in common; the rest differs from member to member.

    Of the network its stacked form, in which the distribution of its initial weights has no part.
    """
    condition = member.condition
    shape = condition.network.stacked(condition.task)
    training = (condition.optimizer, condition.epochs, condition.batch_size)
    treatment = member.treatment
    return (condition.task, shape, *training, penalty_of(member), treatment.regularized, treatment.power)


def penalty_of(member: Member) -> str | None:
    """Name of a member's penalty; None where it has none."""
    return member.treatment.penalty if member.treatment.strength > 0 else None


def chunks(members: Sequence[Member], samples: int, device: str) -> list[tuple[list[int], int]]:
    """Places of the members of each program, and the number that it is padded to (0: none).

    members: whose networks have a stacked form. samples: of the training data.
    """
    groups: dict[Any, list[int]] = {}
    for place, member in enumerate(members):
        groups.setdefault(shared_protocol(member), []).append(place)
    programs = []
    for group in groups.values():
        size, padded = _size(members[group[0]], samples, device)
        programs += [(group[start : start + size], size if padded else 0) for start in range(0, len(group), size)]
    return programs


def _size(member: Member, samples: int, device: str) -> tuple[int, bool]:
    """Members per program, and whether it must have exactly so many."""
    if device != "cpu":
        return GPU_CHUNK, True
    condition = member.condition
    if is_fused(condition, member.treatment, device):
        numbers = condition.network.stacked(condition.task).sizes[0] * samples
        return max(1, min(MOST_MEMBERS, FUSED_NUMBERS // numbers)), False
    cells = condition.network.stacked(condition.task).cells * (condition.batch_size or samples)
    return max(1, min(MOST_MEMBERS, CELLS // cells)), False
