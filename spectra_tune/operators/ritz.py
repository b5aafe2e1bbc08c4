"""Spaces that are seen through a map: their Ritz vectors, and the rows that they grow by.

Axes: K number of the smaller side, L of the larger; R Ritz vectors, X leading or new ones, Q both.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

DISTINCT = 1e-3
"""Share of a unit block's squared length below which a direction is what rounding left of one in the basis."""


class LinearMap(NamedTuple):
    """A map by what it does to rows: `apply` (X, K) -> (X, L), `adjoint` (X, L) -> (X, K), K <= L.

    below: of a bound on the squared singular values, what (bound - A'A)^-1 makes of rows (X, K); None if it is none.
    """

    apply: Callable[[Tensor], Tensor]
    adjoint: Callable[[Tensor], Tensor]
    below: Callable[[float], Callable[[Tensor], Tensor] | None] | None = None


class Space(NamedTuple):
    """Orthonormal rows, their images and the products of these (on the processor, in double precision)."""

    basis_QK: Tensor
    image_QL: Tensor
    gram_QQ: Tensor

    @staticmethod
    def of(linear: LinearMap, basis_QK: Tensor) -> "Space":
        image_QL = linear.apply(basis_QK)
        return Space(basis_QK, image_QL, products(image_QL, image_QL))

    def with_new(self, linear: LinearMap, new_XK: Tensor) -> "Space":
        """With rows that are orthonormal beside it."""
        new_XL = linear.apply(new_XK)
        beside_QX = products(self.image_QL, new_XL)
        above = torch.cat((self.gram_QQ, beside_QX), dim=1)
        below = torch.cat((beside_QX.T, products(new_XL, new_XL)), dim=1)
        images = torch.cat((self.image_QL, new_XL))
        return Space(torch.cat((self.basis_QK, new_XK)), images, torch.cat((above, below)))


def restarted(space: Space, value_R: Tensor, vector_RQ: Tensor) -> Space:
    """The space of these Ritz vectors alone."""
    basis_RK, image_RL = turned(vector_RQ, space.basis_QK, space.image_QL)
    return Space(basis_RK, image_RL, value_R.diag())


def turned(vector_RQ: Tensor, *rows: Tensor) -> list[Tensor]:
    """Combinations of rows (Q, …)."""
    rotation_RQ = vector_RQ.to(rows[0])
    return [rotation_RQ @ of_rows for of_rows in rows]


def products(one_QL: Tensor, other_XL: Tensor) -> Tensor:
    return (one_QL @ other_XL.T).double().cpu()


def decomposed(gram_QQ: Tensor) -> tuple[Tensor, Tensor]:
    """Eigenvalues, largest first, and a row for each eigenvector."""
    value_Q, vector_QQ = torch.linalg.eigh(gram_QQ)
    return value_Q.flip(0), vector_QQ.T.flip(0)


def beside(basis_QK: Tensor, block_XK: Tensor) -> Tensor:
    """Nearly orthonormal rows that span what the block has outside the basis, without what rounding made of the rest.

    Source: by the eigenvectors of the block's products (Stathopoulos and Wu 2002).
    """
    block_XK = block_XK / torch.linalg.vector_norm(block_XK, dim=1, keepdim=True).clamp(min=1e-30)
    block_XK = block_XK - (block_XK @ basis_QK.T) @ basis_QK
    value_X, vector_XX = decomposed(products(block_XK, block_XK))
    many = min(sum(value > DISTINCT for value in value_X.tolist()), basis_QK.shape[1] - len(basis_QK))
    return (vector_XX[:many] / value_X[:many, None].sqrt()).to(block_XK) @ block_XK


def polished(basis_QK: Tensor) -> Tensor:
    """The nearly orthonormal rows, one Newton step nearer, or rounding would pile up over the calls."""
    return torch.addmm(basis_QK, basis_QK @ basis_QK.T, basis_QK, beta=1.5, alpha=-0.5)
