"""Initial weights of a member: drawn from its own seed, and their digest."""

import hashlib
from collections.abc import Mapping

from torch import Tensor
from torch.nn import Module

from spectra_tune.design import Member
from spectra_tune.engine.members.generators import seed_of, seeded


def built(member: Member) -> Module:
    """A member's module with its initial weights: what it draws from is seeded around the call, and put back."""
    with seeded(seed_of(member, "init")):
        return member.condition.network.build(member.condition.task)


def digest_of_parameters(parameters: Mapping[str, Tensor]) -> str:
    """16 hex digits of sha256 over a member's parameters, in the order of their own names before their layers'."""
    seen = hashlib.sha256()
    for name in sorted(parameters, key=lambda name: name.split(".")[::-1]):
        seen.update(parameters[name].detach().cpu().contiguous().numpy().tobytes())
    return seen.hexdigest()[:16]
