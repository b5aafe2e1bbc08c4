"""The shape of stacked perceptrons: what is known of them before any tensor is made.

Axes: M member, J feature and one more, N sample.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

    from spectra_tune.networks.perceptron_passes import Passes

FIRST = ("layer_1.weight", "layer_1.bias")


@dataclass(frozen=True, slots=True, kw_only=True)
class StackedPerceptron:
    """All members' perceptrons of one shape; parameters go by the names of the module's.

    sizes: numbers from layer to layer, inputs and outputs included.
    """

    sizes: tuple[int, ...]
    activation: str

    @property
    def side_by_side(self) -> tuple[tuple[str, str], ...]:
        """The first layer's weight and bias are one matrix (out, in + 1) when stacked: one product does both."""
        return (FIRST,)

    @property
    def cells(self) -> int:
        """Numbers that a stacked pass keeps in a layer, per member and sample."""
        return max(self.sizes)

    @property
    def kept(self) -> int:
        """Numbers of a layer that a training pass keeps, per member and sample."""
        return max(self.sizes)

    def passes(
        self,
        parameters: "dict[str, Tensor]",
        x_MJN: "Tensor",
        empty: "Callable[..., Tensor]",
        gradients: "dict[str, Tensor] | None" = None,
    ) -> "Passes":
        """Passes of all members at once over x, whose last row is ones; without gradients only forward.

        parameters, gradients: (members, …) by name, those of `side_by_side` also as one under their names joined by a
        plus sign. empty: makes tensors of a shape, as torch.empty does.
        """
        from spectra_tune.networks.perceptron_passes import Passes  # loads torch

        return Passes(self.sizes, self.activation, "+".join(FIRST), parameters, x_MJN, empty, gradients)
