"""Linear maps that weights define, and their top singular values.

A network says which of its module's weights are regularized, and as which map (`Operator`). The engine follows each
through training: at every step a `Followed` renews sigma and, where a penalty asks for it, pulls the weights along the
gradient of sigma.

Axes: M member (in turn: one).
"""

from collections.abc import Sequence
from typing import Protocol

from torch import Tensor


class Operator(Protocol):
    """A linear map that parameters of a module define; one that has `fans` (out, in), too, may be given targets scaled
    by them."""

    @property
    def weights(self) -> Sequence[Tensor]:
        """The parameters, as the module has them."""
        ...

    def follow(self, weights: Sequence[Tensor], gradients: Sequence[Tensor] | None) -> "Followed":
        """The map of stacked weights (members, …), bound to their memory and that of their gradients."""
        ...


class Followed(Protocol):
    """An operator of stacked members in training. A call renews sigma_M."""

    sigma_M: Tensor  # spectral norm, relative error <= 1e-3; NaN for a non-finite member, which disturbs nobody

    @property
    def weights(self) -> Sequence[Tensor]:
        """Those that define the map, (members, …) each."""
        ...

    @property
    def gradients(self) -> Sequence[Tensor]:
        """Where their gradients lie; none where nothing is pulled."""
        ...

    def __call__(self) -> None: ...

    @property
    def fallbacks(self) -> Sequence[int]:
        """Exact decompositions that each member's calls fell back on."""
        ...

    def pull(self, coefficient_M: Tensor) -> None:
        """Adds the coefficients times the gradient of sigma by the weights, as last renewed, to the gradients."""
        ...

    def measured(self) -> Tensor:
        """Sigma (members,) now, without an effect on later calls."""
        ...

    def state(self) -> dict[str, Tensor]:
        """All that `restore` needs for equal bits of later calls."""
        ...

    def restore(self, state: dict[str, Tensor]) -> None: ...


def fans_of(operator: Operator) -> tuple[int, int] | None:
    """How many numbers, or channels of images, a map makes of how many; None of one that does not say."""
    return getattr(operator, "fans", None)
