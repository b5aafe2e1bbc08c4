"""strength * ||W - W_0||_F^2 of each regularized weight, W_0 being what it started from: it is kept near there.

Axes: M member.
"""

import torch
from torch import Tensor

from spectra_tune.operators import Followed


class Penalty:
    """The penalty of one operator: the sum of squares of how far the numbers that define it have moved.

    W_0 is what they are when the penalty is made: so it is made before anything is trained or restored. Its gradient is
    2 * strength * (W - W_0), by a difference, a product and a sum of their own, as in frobenius.py.
    Source: L2 Init (Kumar et al. 2023).
    """

    def __init__(self, operator: Followed, strength_M: Tensor, one_sided_M: Tensor, power: int):  # noqa: ARG002, all take them
        self._strength_M = strength_M
        self.initial = [weight.clone() for weight in operator.weights]
        self._parts = [
            (gradient, weight, initial, (2 * strength_M).view(-1, *[1] * (weight.ndim - 1)), torch.empty_like(weight))
            for weight, initial, gradient in zip(operator.weights, self.initial, operator.gradients, strict=True)
        ]

    def __call__(self, target_M: Tensor) -> None:
        self.pull(target_M)

    def pull(self, target_M: Tensor) -> None:  # noqa: ARG002, every penalty takes a target
        """What a call adds."""
        for gradient, weight, initial, twice_strength, pulled in self._parts:
            torch.sub(weight, initial, out=pulled)
            pulled.mul_(twice_strength)
            gradient.add_(pulled)

    def value(self, target_M: Tensor) -> Tensor:  # noqa: ARG002, every penalty takes a target
        """The penalty of each member (members,)."""
        squares = sum(
            ((weight - initial).flatten(1).square().sum(dim=1) for _, weight, initial, *_ in self._parts),
            start=0 * self._strength_M,
        )
        return self._strength_M * squares
