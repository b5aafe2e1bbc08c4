"""A few samples as a module takes them."""

from typing import Any

import numpy
import torch
from torch import Tensor

from spectra_tune.engine.members.draws import numbers_of


def example(task: Any, x: Any) -> Tensor:
    """Inputs as a task draws them, as a tensor: tokens as they are, bytes as fractions of 255, numbers as float32."""
    some = numpy.asarray(x)
    if getattr(task, "vocabulary", None) is not None:
        return torch.as_tensor(some)
    return torch.as_tensor(numbers_of(some)).float()
