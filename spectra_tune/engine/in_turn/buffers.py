"""Buffers that a module's own state leaves out (persistent=False), of which it makes its outputs all the same."""

from collections.abc import Mapping

from torch import Tensor
from torch.nn import Module


def passing_buffers(module: Module) -> dict[str, Tensor]:
    """Those buffers by their names."""
    kept = module.state_dict().keys()
    return {name: value for name, value in module.named_buffers() if name not in kept}


def put_buffers(module: Module, values: Mapping[str, Tensor]) -> None:
    """Gives a module these buffers, of whatever shape they have become."""
    device = next(module.parameters()).device
    for name, value in values.items():
        owner, _, own = name.rpartition(".")
        place = module.get_submodule(owner)
        there = getattr(place, own)
        if there is not None and there.shape == value.shape:
            there.copy_(value)
        else:
            setattr(place, own, value.to(device, copy=True))
