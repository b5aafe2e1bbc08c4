"""Spectra of operators as they are now: for what is looked at once, in the precision of their weights."""

from typing import NamedTuple

import torch
from torch import Tensor

from spectra_tune.operators import Operator
from spectra_tune.operators.computed import Computed
from spectra_tune.operators.convolution import Convolution
from spectra_tune.operators.convolution_spectrum import frobenius_norm, values_of_convolution
from spectra_tune.operators.dense import Matrix
from spectra_tune.operators.part import Part
from spectra_tune.operators.product import Product

NORM_ERROR = 1e-3
"""Relative error, at most, of a spectral norm that was found without the other values."""


class Spectrum(NamedTuple):
    """Sizes of a linear map."""

    norm: float  # the largest singular value; without values it may be NORM_ERROR too small
    frobenius: float | None  # None of a map that can only be followed
    value_K: Tensor | None  # all singular values of the smaller side, or of a head, largest first


def spectrum(operator: Operator, most: int) -> Spectrum:
    """The spectrum of a finite operator, all values where its smaller side has at most so many numbers.

    Matrices and heads always have all; an operator of another kind has its norm alone.
    """
    with torch.no_grad():
        if isinstance(operator, Computed):
            return spectrum(operator.of(operator.now().detach()), most)
        value_K = _values(operator, most)
        if value_K is not None:
            return Spectrum(float(value_K[0]), _length(value_K), value_K)
        frobenius = None
        if isinstance(operator, Convolution):
            frobenius = frobenius_norm(operator.geometry, operator.weights[0].detach())
        weights = [weight.detach().unsqueeze(0) for weight in operator.weights]
        return Spectrum(float(operator.follow(weights, None).measured()), frobenius, None)


def _values(operator: Operator, most: int) -> Tensor | None:
    """All singular values, largest first; None where they are too many, or not to be had."""
    if isinstance(operator, Matrix):
        return torch.linalg.svdvals(_now(operator.part))
    if isinstance(operator, Product):
        # with L' = Q R and R' = P S the values of L' R are those of R S'
        left, right = (torch.linalg.qr(_now(part).mT, mode="r").R for part in (operator.left, operator.right))
        return torch.linalg.svdvals(left @ right.mT)
    if isinstance(operator, Convolution):
        return values_of_convolution(operator.geometry, operator.weights[0].detach(), most)
    return None


def _now(part: Part) -> Tensor:
    return part.of(part.weight.detach().unsqueeze(0))[0]


def _length(value_K: Tensor) -> float:
    """Root of the sum of squares, which neither vanish nor overflow."""
    top = value_K[0]
    return float(top * torch.linalg.vector_norm(value_K / top)) if top > 0 else 0.0


def parts_of(operator: Operator) -> tuple[Part, ...]:
    """What of its weights an operator is made of: all of them, unless it is of some rows or of a head."""
    if isinstance(operator, Matrix):
        return (operator.part,)
    if isinstance(operator, Product):
        return operator.left, operator.right
    return tuple(Part(weight) for weight in operator.weights)
