"""Which members of a block train together in one program."""

from collections.abc import Sequence
from typing import Any

from spectra_tune.design import Member
from spectra_tune.engine.stacked.program import shared_protocol
from spectra_tune.networks import implement

CELLS = 2**19
"""Numbers that a layer of all a program's members should hold at a time, so that it stays in a processor's cache."""

MOST_MEMBERS = 256

MAPPED_CHUNK = 16
"""Members of a program whose network has no stacked passes: torch's batched products give a member equal bits in any
company if their number is fixed (16 has this property, 12 and 20 do not)."""

GPU_CHUNK = 256
"""Members of a program on a GPU, which chooses its kernels by their number."""


def chunks(members: Sequence[Member], samples: int, device: str) -> list[tuple[list[int], int]]:
    """Indices of the members of each program, and the number that it is padded to (0: none).

    samples: of the training data.
    """
    groups: dict[Any, list[int]] = {}
    for index, member in enumerate(members):
        groups.setdefault(shared_protocol(member), []).append(index)
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
    network = implement(condition.network, condition.task)
    if not hasattr(network, "stacked"):
        return MAPPED_CHUNK, True
    cells = network.cells * (condition.batch_size or samples)
    return max(1, min(MOST_MEMBERS, CELLS // cells)), False
