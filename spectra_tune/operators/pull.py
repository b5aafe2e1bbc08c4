"""Pull: adds multiples of the gradient of sigma to that of the loss.

Axes: M member, O out, I in.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from spectra_tune.operators.batched_matmul import product


class Pull:
    """Adds each member's coefficient times u v^T, the gradient of its matrix's sigma, to a gradient in memory."""

    def __init__(self, u_MO1: Tensor, v_MI1: Tensor, gradient_MOI: Tensor | None):
        self._u_MO1 = u_MO1
        if gradient_MOI is not None:
            self._pulled_MO1 = torch.empty_like(u_MO1)
            self._add: Callable[[], None] = product(self._pulled_MO1, v_MI1.mT, gradient_MOI, add=True)

    def __call__(self, coefficient_M: Tensor) -> None:
        torch.mul(self._u_MO1, coefficient_M[:, None, None], out=self._pulled_MO1)
        self._add()
