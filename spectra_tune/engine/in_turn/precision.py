"""A forward pass in less than float32, of weights that stay float32."""

from functools import wraps
from typing import Any

import torch
from torch import Tensor
from torch.nn import Module


def pass_in_bfloat16(module: Module, device: str) -> None:
    """Has a module's forward pass run under torch.amp in bfloat16; its outputs are float32, as its weights.

    Whatever looks at the weights themselves, such as a penalty, a sigma or an optimizer, is outside.
    """
    forward = module.forward

    @wraps(forward)
    def mixed(*inputs: Any, **named: Any) -> Tensor:
        with torch.autocast(torch.device(device).type, dtype=torch.bfloat16):
            return forward(*inputs, **named).float()

    module.forward = mixed
