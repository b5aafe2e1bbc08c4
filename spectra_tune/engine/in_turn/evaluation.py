"""Outputs of a module over whole splits, without a trace on its training.

Axes: N sample, O output.
"""

from typing import Any

import numpy
import torch
from torch import Tensor
from torch.nn import Module

from spectra_tune.engine.members.draws import Samples

TILE = 1024
"""Samples that are evaluated at a time."""


def inputs_of(samples: Samples, task: Any, device: str, dtype: torch.dtype) -> Tensor:
    """A split's inputs (samples, …) as a module takes them: tokens as they are, all else as numbers."""
    if samples.x.dtype == numpy.int64 and getattr(task, "vocabulary", None) is not None:
        return torch.tensor(samples.x, device=device)
    return torch.tensor(samples.numbers, dtype=dtype, device=device)


def targets_of(samples: Samples, device: str) -> Tensor:
    """A split's targets, as its objective checked them."""
    return torch.tensor(samples.y, device=device)


def outputs_over(module: Module, x: Tensor) -> Tensor:
    """Outputs (samples, outputs) of a module in evaluation mode, which it leaves in the mode that it was in."""
    training = module.training
    module.eval()
    try:
        with torch.no_grad():
            return torch.cat([module(part) for part in x.split(TILE)])
    finally:
        module.train(training)
