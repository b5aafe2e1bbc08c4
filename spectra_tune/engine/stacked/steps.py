"""What a program asks of whoever does its steps: torch, operation by operation for all members, or the fused kernel.

Axes: M member, T step, L regularized layer.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy
from torch import Tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Epochs in which nothing is observed."""

    epochs: range
    first: int  # steps that the optimizer has made before
    rates_TM: Tensor  # learning rates; one row where they do not change
    targets_TLM: Tensor | None  # of sigma; None where nothing is pulled
    order: Callable[[int], tuple[Tensor, list[int]]]
    """Of an epoch: orders (distinct, samples) of the training samples, and for each member which of them is its own."""


class Steps(Protocol):
    """Trains all members of a program, and measures them."""

    def train(self, stretch: Stretch) -> Iterator[int]:
        """Trains; says after a while of how many more epochs."""
        ...

    def scores(self, split: str, phase: int | None = None) -> dict[str, numpy.ndarray]:
        """Every metric of each member; on another phase's data where it is named."""
        ...

    def sigmas(self) -> list[numpy.ndarray]:
        """Spectral norms (members,) of each regularized layer."""
        ...

    def enter(self) -> None:
        """The data have become another phase's."""
        ...

    def fallbacks(self) -> list[int]:
        """How often each member's sigma had to be found anew."""
        ...

    def state(self) -> dict[str, Any]:
        """What `restore` needs beside the buffers."""
        ...

    def restore(self, state: dict[str, Any]) -> None: ...
