"""Matrices: the top singular values of stacked weights, and the pull along their gradients.

Axes: M member, O out, I in, K the smaller of the two.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from spectra_tune.errors import InvalidStudy
from spectra_tune.operators import Followed
from spectra_tune.operators.batched_matmul import product
from spectra_tune.operators.part import ALL, Part
from spectra_tune.operators.pull import Pull
from spectra_tune.operators.tracked import TrackedTopSingularValue

WIDEST_SQUARED = 128
"""Wider weights' Gram matrices cost more to square than a training step: a processor follows their top vectors."""

GROUPS_OF_SQUARINGS, SQUARINGS_PER_GROUP = 4, 3
"""12 squarings raise the Gram matrix to the power 4096; normalising each third keeps float32 in range to K = 2**15."""


def spectrum_of(weight_MOI: Tensor, gradient_MOI: Tensor | None = None) -> "TopSingularValue | TrackedTopSingularValue":
    """What follows this weight at every step: stateless where that is cheap, else a tracking scheme.

    A GPU squares at any width, since that waits for nothing; so do other numbers than float32.
    """
    wide = min(weight_MOI.shape[1:]) > WIDEST_SQUARED
    if wide and weight_MOI.dtype == torch.float32 and not weight_MOI.is_cuda:
        return TrackedTopSingularValue(weight_MOI, gradient_MOI)
    return TopSingularValue(weight_MOI, gradient_MOI)


class TopSingularValue:
    """Top singular values and unit vectors of one stacked weight (members, out, in), bound to its memory.

    A call renews sigma_M, u_MO1 and v_MI1. Relative error <= 1e-5 in float32, also where the two top singular values
    meet (then u, v are one pair of them). A zero matrix gets sigma 0 and vectors without effect; a non-finite member
    gets NaN and does not disturb the others.
    Source: repeated squaring of the Gram matrix, stateless; two columns or rows have a closed form.
    """

    def __init__(self, weight_MOI: Tensor, gradient_MOI: Tensor | None = None):
        tall = weight_MOI.shape[1] >= weight_MOI.shape[2]
        matrix = weight_MOI if tall else weight_MOI.mT
        members, rows, columns = matrix.shape
        new = weight_MOI.new_empty
        self._tiny = torch.finfo(weight_MOI.dtype).tiny
        self._powers = (new(members, columns, columns), new(members, columns, columns))
        self._image, self._vector = new(members, rows, 1), new(members, columns, 1)
        self._squares = new(members, 1, 1)
        self._member = torch.arange(members, device=weight_MOI.device)
        one, other = self._powers
        self._gram = product(matrix.mT, matrix, one)
        self._square = (product(one, one, other), product(other, other, one))
        self._to_image = product(matrix, self._vector, self._image)
        self._image_square = product(self._image.mT, self._image, self._squares)
        self._vector_square = product(self._vector.mT, self._vector, self._squares)
        self.sigma_M = new(members)
        self.u_MO1, self.v_MI1 = (self._image, self._vector) if tall else (self._vector, self._image)
        self.weights = (weight_MOI,)
        self.gradients = () if gradient_MOI is None else (gradient_MOI,)
        self.pull = Pull(self.u_MO1, self.v_MI1, gradient_MOI)

    def __call__(self) -> None:
        self._gram()
        if self._powers[0].shape[1] == 2:
            self._closed_form()
        else:
            self._repeated_squaring()
        self._to_image()
        self._image_square()
        torch.sqrt(self._squares.view(-1), out=self.sigma_M)
        self._image.div_(self.sigma_M.clamp(min=self._tiny)[:, None, None])

    def measured(self) -> Tensor:
        """Sigma (members,) now, whatever is done with it."""
        self()
        return self.sigma_M

    @property
    def fallbacks(self) -> list[int]:
        """None: every call is exact."""
        return [0] * len(self.sigma_M)

    def state(self) -> dict[str, Tensor]:
        """Nothing goes on from call to call."""
        return {}

    def restore(self, state: dict[str, Tensor]) -> None:
        assert not state

    def _closed_form(self) -> None:
        """Unit eigenvector of a symmetric 2 x 2 matrix, by operations that round alike in any company."""
        gram = self._powers[0]
        trace_M = gram[:, 0, 0] + gram[:, 1, 1]
        gram.div_(trace_M.clamp(min=self._tiny)[:, None, None])
        half_M, b_M = (gram[:, 0, 0] - gram[:, 1, 1]) / 2, gram[:, 0, 1]
        root_M = (half_M * half_M + b_M * b_M).sqrt_()
        first_M = torch.where(half_M >= 0, half_M + root_M, b_M)
        second_M = torch.where(half_M >= 0, b_M, root_M - half_M)
        norm_M = (first_M * first_M + second_M * second_M).sqrt_()
        any_direction_M = (norm_M == 0) & (trace_M > 0)
        first_M = torch.where(any_direction_M, 1.0, first_M)
        norm_M = torch.where(any_direction_M, 1.0, norm_M.clamp_(min=self._tiny))
        torch.div(first_M, norm_M, out=self._vector[:, 0, 0])
        torch.div(second_M, norm_M, out=self._vector[:, 1, 0])

    def _repeated_squaring(self) -> None:
        """Unit eigenvector of the top eigenvalue: the longest row of a high power of the Gram matrix.

        Each group starts from a matrix whose largest entry, which stands on the diagonal, is 1.
        """
        now = 0
        for _ in range(GROUPS_OF_SQUARINGS):
            power = self._powers[now]
            largest_M = power.diagonal(dim1=1, dim2=2).amax(dim=1)
            power.div_(largest_M.clamp_(min=self._tiny)[:, None, None])
            for _ in range(SQUARINGS_PER_GROUP):
                self._square[now]()
                now = 1 - now
        power = self._powers[now]
        row_M = power.diagonal(dim1=1, dim2=2).argmax(dim=1)
        self._vector.copy_(power[self._member, row_M].unsqueeze(2))
        self._vector_square()
        self._vector.div_(self._squares.sqrt().clamp_(min=self._tiny))


class Matrix:
    """A weight (out, in), or some of its rows, as the map that it is: a network's `regularized` names parameters so."""

    def __init__(self, weight: Tensor, rows: slice = ALL):
        if weight.ndim != 2:
            raise InvalidStudy(f"a matrix must be (out, in), got a weight of shape {tuple(weight.shape)}")
        self.weights = (weight,)
        self.part = Part(weight, rows)

    @property
    def fans(self) -> tuple[int, int]:
        """Its own (out, in)."""
        return self.part.shape

    def follow(self, weights: Sequence[Tensor], gradients: Sequence[Tensor] | None) -> Followed:
        return spectrum_of(self.part.of(weights[0]), None if gradients is None else self.part.of(gradients[0]))
