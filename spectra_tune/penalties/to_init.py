"""strength * ||W - W_0||_F^2 of each regularized weight: shrinkage towards the initial weights.

Axes: M member. Source: Kumar et al. 2023 (arXiv 2308.11958).
"""

import torch
from torch import Tensor

from spectra_tune.operators import Followed


class Penalty:
    """The penalty of one operator: the squared distance of the numbers that define it from what they are now, before
    the first step; it has no target and no sides.

    Its gradient is 2 * strength * (W - W_0).
    """

    def __init__(self, operator: Followed, strength_M: Tensor, one_sided_M: Tensor, power_M: Tensor):  # noqa: ARG002
        self._strength_M = strength_M
        self._parts = [
            (gradient, weight, (2 * strength_M).view(-1, *[1] * (weight.ndim - 1)), weight.clone(), weight.clone())
            for weight, gradient in zip(operator.weights, operator.gradients, strict=True)
        ]

    def __call__(self, target_M: Tensor) -> None:
        self.pull(target_M)

    def pull(self, target_M: Tensor) -> None:  # noqa: ARG002, every penalty takes a target
        """What a call adds."""
        for gradient, weight, twice_strength, initial, moved in self._parts:
            torch.sub(weight, initial, out=moved)
            gradient.add_(moved.mul_(twice_strength))

    def value(self, target_M: Tensor) -> Tensor:  # noqa: ARG002, every penalty takes a target
        """The penalty of each member (members,)."""
        squares = sum(
            ((weight - initial).flatten(1).square().sum(dim=1) for _, weight, _, initial, _ in self._parts),
            start=0 * self._strength_M,
        )
        return self._strength_M * squares

    def state(self) -> list[Tensor]:
        """The initial weights, for `restore` in a process that did not see them."""
        return [initial for *_, initial, _ in self._parts]

    def restore(self, initial: list[Tensor]) -> None:
        for (*_, kept, _), value in zip(self._parts, initial, strict=True):
            kept.copy_(value)
