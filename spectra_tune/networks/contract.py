"""What a module must keep to before it is trained: refused in one line otherwise."""

from typing import Any

import torch
from torch import Tensor
from torch.nn import Module

from spectra_tune.errors import InvalidStudy
from spectra_tune.objectives import objective_of


def check_module(network: Any, module: Module, x: Tensor, task: Any) -> None:
    """Refuses a module whose weights are not finite or whose outputs are not what its task's objective needs."""
    for name, value in module.named_parameters():
        if not bool(value.isfinite().all()):
            raise InvalidStudy(f"{network}: initial weights must be finite, {name} is not")
    wanted = objective_of(task).outputs(task)
    module.eval()
    try:
        with torch.no_grad():
            outputs = module(x)
    except Exception as error:
        raise InvalidStudy(
            f"{network}.forward must take x {tuple(x.shape)}, got {type(error).__name__}: {error}"
        ) from error
    if tuple(outputs.shape) != (len(x), wanted):
        raise InvalidStudy(f"{network} must give outputs (samples, {wanted}), got {tuple(outputs.shape)}")
