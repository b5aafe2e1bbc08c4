"""The matrices between a network's first layer and its last: what Muon moves."""

from typing import Any, NamedTuple

from torch import nn
from torch.nn import Module
from torch.nn.modules.conv import _ConvNd

from spectra_tune.errors import InvalidStudy
from spectra_tune.operators.of_module import GATES

LAYERS = (nn.Linear, nn.Embedding, _ConvNd, nn.RNNBase, nn.RNNCellBase, nn.MultiheadAttention)

INPUT = "weight_ih"
"""Begins the name of a recurrent layer's weights of what comes from below."""

PACKED = {"in_proj_weight": 3}
"""Matrices that lie one below the other in a parameter of attention: of queries, keys and values."""

MATRICES = ("weight_ih", "weight_hh", "weight_hr", "in_proj_weight", "q_proj_weight", "k_proj_weight", "v_proj_weight")
"""Begin the names of what is a weight beside `weight` itself; a parametrized one is made of others, which are not."""


class HiddenMatrix(NamedTuple):
    """Rows of a parameter that are one linear map."""

    parameter: str
    rows: slice


def hidden_matrices(network: Any, module: Module) -> list[HiddenMatrix]:
    """Trained matrices of Linear, recurrent and attention layers but of the first layer and the last one.

    Layers count in the module's order. A first recurrent layer keeps its recurrent matrix; a matrix for each gate, and
    for queries, keys and values. An Embedding is no hidden layer wherever it stands, nor is what shares its weight, or
    the last layer's. Raises InvalidStudy where there is none.
    """
    names = {id(value): name for name, value in module.named_parameters()}
    layers = [layer for layer in module.modules() if isinstance(layer, LAYERS)]
    apart = {id(value) for layer in layers if isinstance(layer, nn.Embedding) for value in layer.parameters()}
    for layer in layers[-1:]:
        apart |= {id(value) for value in layer.parameters()}
    for layer in layers[:1]:
        recurrent = isinstance(layer, tuple(GATES))
        named = layer.named_parameters(recurse=False)
        apart |= {id(value) for name, value in named if not recurrent or name in (INPUT, f"{INPUT}_l0")}
    found: list[HiddenMatrix] = []
    for layer in layers:
        for name, weight in layer.named_parameters(recurse=False):
            is_matrix = weight.ndim == 2 and (name == "weight" or name.startswith(MATRICES))
            if not is_matrix or not weight.requires_grad or id(weight) in apart:
                continue
            apart.add(id(weight))
            size = len(weight) // _maps_in(layer, name)
            found += [HiddenMatrix(names[id(weight)], slice(at, at + size)) for at in range(0, len(weight), size)]
    if not found:
        raise InvalidStudy(
            f"optimizer 'muon' needs a matrix between the first layer and the last, {network} has none: make it "
            "deeper, or choose another optimizer"
        )
    return found


def _maps_in(layer: Module, name: str) -> int:
    if name.startswith(("weight_ih", "weight_hh")):
        return next(len(gates) for kind, gates in GATES.items() if isinstance(layer, kind)) or 1
    return PACKED.get(name, 1)
