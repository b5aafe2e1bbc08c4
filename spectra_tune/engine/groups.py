"""Members of a block that train together, and the way in which they do: as one program, or in turn."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import torch

from spectra_tune.design import Member
from spectra_tune.engine.environment import deterministic_on_gpu
from spectra_tune.engine.in_turn.data import Data
from spectra_tune.engine.in_turn.member import MemberInTurn
from spectra_tune.engine.in_turn.trainer import InTurn
from spectra_tune.engine.members.draws import Draw
from spectra_tune.engine.members.trainer import Trainer
from spectra_tune.engine.stacked.batch_invariance import equal_bits
from spectra_tune.engine.stacked.chunks import chunks
from spectra_tune.engine.stacked.program import Program
from spectra_tune.engine.stacked.workspace import Workspace
from spectra_tune.engine.way import stacks

TRIED_SAMPLES = 32
"""Of the step that tells whether a GPU's kernels repeat."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Some members of a block by their places in it, what trains them, and whether their bits are free of company."""

    places: tuple[int, ...]
    trainer: Trainer
    equal_bits: Callable[[], bool]


def groups(
    members: Sequence[Member], draw: Draw, capacity_ratio: float, device: str, dtype: torch.dtype
) -> tuple[Group, ...]:
    """All members of a block, programs first."""
    stacked = [stacks(member.condition) for member in members]
    together = [place for place, yes in enumerate(stacked) if yes]
    found = []
    if together:
        workspace = Workspace(device, dtype)
        samples = len(draw("train", members[0].seed))
        for chosen, size in chunks([members[place] for place in together], samples, device):
            places = tuple(together[one] for one in chosen)
            of_program = [members[place] for place in places]
            program = Program(of_program, draw, capacity_ratio, workspace, device, dtype, size)
            rehearsed = partial(equal_bits, of_program, draw, device, dtype, size)
            found.append(Group(places=places, trainer=program, equal_bits=rehearsed))
    by_arm: dict[str, list[int]] = {}
    for place, member in enumerate(members):
        if not stacked[place]:
            by_arm.setdefault(member.arm, []).append(place)
    data = Data(members[0].condition.task, draw, device, dtype)
    for places in by_arm.values():
        alone = InTurn([members[place] for place in places], data, capacity_ratio, device, dtype)
        repeats = partial(_repeats, members[places[0]], data, capacity_ratio, device, dtype)
        found.append(Group(places=tuple(places), trainer=alone, equal_bits=repeats))
    return tuple(found)


def _repeats(member: Member, data: Data, capacity_ratio: float, device: str, dtype: torch.dtype) -> bool:
    """Whether a member in turn repeats: nothing is there that company could change, but a GPU may add in any order.

    On a GPU a step is tried where an operation raises that has no kernel with one order.
    """
    if torch.device(device).type == "cpu":
        return True
    try:
        with deterministic_on_gpu(strict=True):
            MemberInTurn(member, data, capacity_ratio, device, dtype).rehearse(TRIED_SAMPLES)
    except RuntimeError as error:
        if "deterministic" not in str(error):
            raise
        return False
    return True
