"""What tables call the regularized weights of a network."""

from collections.abc import Iterable
from typing import Any

from spectra_tune.errors import InvalidStudy
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
