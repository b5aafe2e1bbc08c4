"""What a module must keep to before it is trained: refused in one line otherwise."""

import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import Module

from spectra_tune.errors import InvalidStudy
from spectra_tune.objectives import objective_of
from spectra_tune.operators import Operator


def check_module(network: Any, module: Module, x: Tensor, task: Any) -> None:
    """Refuses a module whose weights are not finite or whose outputs are not what its task's objective needs."""
    if not any(value.requires_grad for value in module.parameters()):
        raise InvalidStudy(f"{network} must have parameters that are trained, got none")
    for name, value in module.named_parameters():
        if not bool(value.isfinite().all()):
            raise InvalidStudy(f"{network}: initial weights must be finite, {name} is not")
    wanted = objective_of(task).outputs(task)
    module.eval()
    try:
        with torch.no_grad():
            outputs = module(x)
    except Exception as error:
        said = " ".join(str(error).split())
        raise InvalidStudy(
            f"{network}.forward must take x {tuple(x.shape)}, got {type(error).__name__}: {said}{_place(error)}"
        ) from error
    if not isinstance(outputs, Tensor):
        raise InvalidStudy(f"{network} must give outputs, a tensor (samples, {wanted}), got {type(outputs).__name__}")
    if tuple(outputs.shape) != (len(x), wanted):
        raise InvalidStudy(f"{network} must give outputs (samples, {wanted}), got {tuple(outputs.shape)}")
    if not outputs.is_floating_point():
        raise InvalidStudy(f"{network} must give floating-point outputs, got {outputs.dtype}")


def _place(error: Exception) -> str:
    """File and line of a user's own code in which it was raised; nothing where it was in none."""
    frames = [one for one in traceback.extract_tb(error.__traceback__) if not _is_ours(one.filename)]
    return f" ({frames[-1].filename}, line {frames[-1].lineno})" if frames else ""


def _is_ours(file: str) -> bool:
    """Whether a file is this package's or torch's."""
    return any(Path(file).is_relative_to(place) for place in (Path(__file__).parents[1], Path(torch.__file__).parent))


def check_operators(network: Any, module: Module, operators: Mapping[str, Operator]) -> None:
    """Refuses operators of what is no trained parameter of the module: nothing could pull them."""
    trained = {id(value) for value in module.parameters() if value.requires_grad}
    for name, operator in operators.items():
        if any(id(weight) not in trained for weight in operator.weights):
            raise InvalidStudy(f"{network} regularizes {name!r}, which must be trained parameters of its module")
