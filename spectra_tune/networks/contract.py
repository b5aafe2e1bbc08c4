"""What a module must keep to before it is trained: refused in one line otherwise."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor
from torch.nn import Module

from spectra_tune.errors import InvalidStudy
from spectra_tune.objectives import objective_of
from spectra_tune.operators import Operator
from spectra_tune.own_code import said

TRAINED = (torch.float32, torch.float64)
"""Numbers that parameters and outputs may be; what trains them makes them the first."""


def check_weights(network: Any, module: Module) -> None:
    """Refuses a module, as it was built, whose weights cannot be trained as they are."""
    if not isinstance(module, Module):
        raise InvalidStudy(f"{network} must build a torch.nn.Module, got {type(module).__name__}")
    if not any(value.requires_grad for value in module.parameters()):
        raise InvalidStudy(f"{network} must have parameters that are trained, got none")
    for name, value in (*module.named_parameters(), *module.named_buffers()):
        if value.device.type != "cpu":
            raise InvalidStudy(
                f"{network} must leave the device to the study, which moves it to where it trains, "
                f"got {name} on {value.device}"
            )
    for name, value in module.named_parameters():
        if value.dtype not in TRAINED:
            raise InvalidStudy(f"{network} must have weights of float32, which it trains in, {name} is {value.dtype}")
        if not bool(value.isfinite().all()):
            raise InvalidStudy(f"{network}: initial weights must be finite, {name} is not")
    _check_memory(network, module)


def _check_memory(network: Any, module: Module) -> None:
    """Refuses parameters that lie in each other's memory: the optimizer would part them."""
    places = sorted((one.data_ptr(), one.data_ptr() + one.nbytes, name) for name, one in module.named_parameters())
    for (_, end, one), (start, _, other) in pairwise(places):
        if start < end:
            raise InvalidStudy(
                f"{network}: {one} and {other} share memory and are two parameters: a weight is shared by giving both "
                "layers the same Parameter"
            )


def check_outputs(network: Any, module: Module, x: Tensor, task: Any) -> None:
    """Refuses a module whose outputs are not what its task's objective needs."""
    objective = objective_of(task)
    wanted = (len(x), *(x.shape[1:2] if objective.by_position else ()), objective.outputs(task))
    axes = f"(samples, {'positions, ' * objective.by_position}{wanted[-1]})"
    module.eval()
    try:
        with torch.no_grad():
            outputs = module(x)
    except Exception as error:
        raise InvalidStudy(f"{network}.forward must take x {tuple(x.shape)}, got {said(error)}") from error
    if not isinstance(outputs, Tensor):
        raise InvalidStudy(f"{network} must give outputs, a tensor {axes}, got {type(outputs).__name__}")
    if tuple(outputs.shape) != wanted:
        raise InvalidStudy(f"{network} must give outputs {axes}, got {tuple(outputs.shape)}")
    if outputs.dtype not in TRAINED:
        raise InvalidStudy(f"{network} must give outputs of float32, got {outputs.dtype}")


def check_operators(network: Any, module: Module, operators: Mapping[str, Operator]) -> None:
    """Refuses operators of what is no trained parameter of the module: nothing could pull them."""
    trained = {id(value) for value in module.parameters() if value.requires_grad}
    for name, operator in operators.items():
        if any(id(weight) not in trained for weight in operator.weights):
            raise InvalidStudy(f"{network} regularizes {name!r}, which must be trained parameters of its module")
