"""Clipping of each member's gradient by its own norm.

Axes: M member, K number of a parameter.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from spectra_tune.engine.members.optimizer_defaults import CLIP_SMALL
from spectra_tune.operators.batched_matmul import product


class Clipping:
    """Scales members' gradients to at most their bounds; parts: views (M, …) of the gradients, contiguous.

    bound_M: largest norm over all parts, inf where a member has none. Sums of squares are matrix products, whose bits
    are free of company.
    """

    def __init__(self, parts: Sequence[Tensor], bound_M: Tensor):
        self._parts, self._bound_M = parts, bound_M
        self._square_M11 = torch.zeros(len(bound_M), 1, 1, dtype=bound_M.dtype, device=bound_M.device)
        self._add_squares = []
        for number, part in enumerate(parts):
            row_M1K = part.view(len(part), 1, -1)
            self._add_squares.append(product(row_M1K, row_M1K.mT, self._square_M11, add=number > 0))

    def __call__(self) -> None:
        for add_square in self._add_squares:
            add_square()
        factor_M = (self._bound_M / (self._square_M11.view(-1).sqrt() + CLIP_SMALL)).clamp(max=1.0)
        factor_M = factor_M.where(self._bound_M.isfinite(), 1.0)  # of an infinite norm, too
        for part in self._parts:
            part.mul_(factor_M.view(-1, *[1] * (part.ndim - 1)))
