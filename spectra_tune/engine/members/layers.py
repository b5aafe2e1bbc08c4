"""What tables call the regularized weights of a network."""

from collections.abc import Iterable
from typing import Any

from torch.nn import Module

from spectra_tune.errors import InvalidStudy
from spectra_tune.operators import Operator
from spectra_tune.results import SIGMA, is_sigma

NUMBERED = "layer_"
"""Before the number of a layer that tables call by it alone."""


def layer_names(network: Any, operators: Iterable[str]) -> tuple[str, ...]:
    """By their operators' names, layer_l just l."""
    names = tuple(name.removeprefix(NUMBERED) for name in operators)
    for name in names:
        if not is_sigma(f"{SIGMA}{name}"):
            raise InvalidStudy(
                f"{network}: no regularized weight may be called {name!r}, {SIGMA}{name} is another column: rename it"
            )
    return names


def operators_by_layer(network: Any, module: Module) -> dict[str, Operator]:
    """The operators of a module that a network built, by what tables call them."""
    operators = network.regularized(module)
    return dict(zip(layer_names(network, operators), operators.values(), strict=True))
