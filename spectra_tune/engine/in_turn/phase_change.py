"""What becomes of a module's weights where a curriculum goes from one phase to the next."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import Module

from spectra_tune.design import Member
from spectra_tune.engine.members.generators import seed_of, seeded
from spectra_tune.errors import InvalidStudy
from spectra_tune.penalties.pulled import places_of

BODY = "body"
"""Names all parameters but the head's."""


def head_of(module: Module) -> str:
    """Name of the last layer: that which comes last of the modules that hold parameters themselves."""
    return [name for name, layer in module.named_modules() if any(True for _ in layer.parameters(recurse=False))][-1]


@torch.no_grad()
def draw_head_anew(module: Module, member: Member, phase: int) -> None:
    """Puts initial weights of a draw of the phase's own into the last layer."""
    with seeded(seed_of(member, "init", phase)):
        other = member.condition.network.build(member.condition.task)
    head = head_of(module)
    for name, value in other.get_submodule(head).named_parameters():
        module.get_submodule(head).get_parameter(name).copy_(value)


def frozen(module: Module, patterns: Sequence[str]) -> list[Tensor]:
    """The parameters that match a pattern, or lie in what does; "body" is all but the last layer's."""
    parameters, head = dict(module.named_parameters()), head_of(module)
    names = [name for name in parameters if not name.startswith(f"{head}.")] if BODY in patterns else []
    others = [one for one in patterns if one != BODY]
    found = places_of(f"{type(module).__name__} has no parameter", tuple(parameters), others)
    names += [name for place, name in enumerate(parameters) if place in found and name not in names]
    if len(names) == len(parameters):
        raise InvalidStudy(f"freeze leaves nothing to train of {type(module).__name__}, got {list(patterns)}")
    return [parameters[name] for name in names]
