"""strength * ||W||_F^2 of each regularized weight: plain shrinkage of the weights that the spectral penalty pulls.

Axes: M member.
"""

import torch
from torch import Tensor

from spectra_tune.operators import Followed


class Penalty:
    """The penalty of one operator: the sum of squares of the numbers that define it; it has no target and no sides.

    Its gradient is 2 * strength * W, by a product and a sum of their own: fused they would round by place in memory.
    """

    def __init__(self, operator: Followed, strength_M: Tensor, one_sided_M: Tensor, power: int):  # noqa: ARG002, all take them
        self._strength_M = strength_M
        self._parts = [
            (gradient, weight, (2 * strength_M).view(-1, *[1] * (weight.ndim - 1)), torch.empty_like(weight))
            for weight, gradient in zip(operator.weights, operator.gradients, strict=True)
        ]

    def __call__(self, target_M: Tensor) -> None:
        self.pull(target_M)

    def pull(self, target_M: Tensor) -> None:  # noqa: ARG002, every penalty takes a target
        """What a call adds."""
        for gradient, weight, twice_strength, pulled in self._parts:
            torch.mul(weight, twice_strength, out=pulled)
            gradient.add_(pulled)

    def value(self, target_M: Tensor) -> Tensor:  # noqa: ARG002, every penalty takes a target
        """The penalty of each member (members,)."""
        squares = sum(
            (weight.flatten(1).square().sum(dim=1) for _, weight, *_ in self._parts), start=0 * self._strength_M
        )
        return self._strength_M * squares
