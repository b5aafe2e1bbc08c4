"""How large a network is on a task: its parameters, and their ratio to those at the task's reference width.

torch is loaded where a network has to be built for that.
"""

import math
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy

from spectra_tune.design import Condition, Treatment
from spectra_tune.design.condition import with_hyperparameters
from spectra_tune.engine.members.other_generators import others_put_back

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module

ALL = Treatment(strength=1.0, sigma_end=1.0, regularized="all")

FEW = 4
"""Samples of a pass that counts."""


def parameter_count(network: Any, task: Any) -> int:
    """Trainable numbers of a network on a task; counted without building it where it can say so itself."""
    if hasattr(network, "parameter_count"):
        return network.parameter_count(task)
    return _built(network, task)[0]


@lru_cache(maxsize=256)
def cells_of_sample(network: Any, task: Any) -> int:
    """Numbers that a module keeps of one sample for its backward pass, counted in a pass over a few."""
    import torch

    from spectra_tune.engine.members.generators import seeded

    with others_put_back(), seeded(0):
        module: Module = network.build(task)
        x = torch.as_tensor(numpy.asarray(task.draw("train", 0)[0][:FEW]))
        kept: dict[int, int] = {}

        def keep(value: "Tensor") -> "Tensor":
            kept[value.untyped_storage().data_ptr()] = value.untyped_storage().nbytes() // value.element_size()
            return value

        with torch.autograd.graph.saved_tensors_hooks(keep, lambda value: value):
            outputs = module(x if getattr(task, "vocabulary", None) is not None else x.float())
    of_weights = {value.untyped_storage().data_ptr() for value in module.parameters()}
    return (sum(count for place, count in kept.items() if place not in of_weights) + outputs.numel()) // len(x)


def regularized_layers(network: Any, task: Any, treatment: Treatment) -> tuple[str, ...]:
    """What tables call a network's regularized weights, and the last layer's where a Treatment pulls all."""
    _, layers, with_the_last = _built(network, task)
    return with_the_last if treatment.regularized == "all" else layers


@lru_cache(maxsize=256)
def _built(network: Any, task: Any) -> tuple[int, tuple[str, ...], tuple[str, ...]]:
    from spectra_tune.engine.members.generators import seeded
    from spectra_tune.engine.members.layers import layer_names
    from spectra_tune.penalties.pulled import with_last

    with others_put_back(), seeded(0):
        module: Module = network.build(task)
    operators = network.regularized(module)
    every = with_last(module, operators, ALL)
    count = sum(value.numel() for value in module.parameters())
    return count, layer_names(network, operators), layer_names(network, every)


def capacity_ratio(condition: Condition) -> float:
    """Parameters of the network over those of the same network at the task's reference width; NaN without one."""
    reference = getattr(condition.task, "reference_width", None)
    if reference is None or not hasattr(condition.network, "width"):
        return math.nan
    same = with_hyperparameters(condition.network, width=reference)
    return parameter_count(condition.network, condition.task) / parameter_count(same, condition.task)
