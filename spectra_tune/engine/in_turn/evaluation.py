"""Outputs of a module over whole splits, without a trace on its training.

Axes: N sample, O output.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import Module

from spectra_tune.engine.members.splits import TILE


def outputs_over(module: Module, x: Any, numbers: Callable[[Tensor], Tensor]) -> Tensor:
    """Outputs (samples, outputs) of a module in evaluation mode; it is left in the mode that it was in.

    x: a tensor, or inputs on disk that can be split like one. numbers: makes of a part of x what the module takes.
    """
    training = module.training
    module.eval()
    try:
        with torch.no_grad():
            return torch.cat([module(numbers(part)) for part in x.split(TILE)])
    finally:
        module.train(training)
