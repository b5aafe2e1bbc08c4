"""Products of two weights, as attention forms them, and their spectral norms, computed on the small side.

Axes: M member, H of a head, D what the left weight takes, E what the right one takes.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from spectra_tune.operators import Followed
from spectra_tune.operators.part import Part


class Product:
    """The bilinear form x' L' R y of two parts (head, …), L and R: one head's queries and keys, or outputs and values.

    Its matrix L' R (D, E) has no more directions than the head.
    """

    def __init__(self, left: Part, right: Part):
        self.left, self.right = left, right
        alike = left.weight is right.weight
        self.weights = (left.weight,) if alike else (left.weight, right.weight)

    @property
    def fans(self) -> tuple[int, int]:
        """Of the whole product, what both weights take: of one head twice the network's width."""
        return self.left.shape[1], self.right.shape[1]

    def follow(self, weights: Sequence[Tensor], gradients: Sequence[Tensor] | None) -> Followed:
        def both(of: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
            return self.left.of(of[0]), self.right.of(of[-1])

        return FollowedProduct(*both(weights), () if gradients is None else both(gradients))


class FollowedProduct:
    """Spectral norms of stacked products, exact at every call, by eigenvectors in double precision.

    Source: with G = L L' and K = R R', sigma^2 is the largest eigenvalue of G^(1/2) K G^(1/2).
    """

    def __init__(self, left_MHD: Tensor, right_MHE: Tensor, gradients: tuple[Tensor, ...] = ()):
        self.weights, self.gradients = (left_MHD, right_MHE), gradients
        members = len(left_MHD)
        self.sigma_M = left_MHD.new_empty(members)
        self._u_MD, self._v_ME = (
            left_MHD.new_zeros(members, left_MHD.shape[2]),
            right_MHE.new_zeros(members, right_MHE.shape[2]),
        )

    def __call__(self) -> None:
        for member, (left_HD, right_HE) in enumerate(zip(*self.weights, strict=True)):
            self.sigma_M[member], self._u_MD[member], self._v_ME[member] = _top(left_HD.double(), right_HE.double())

    def pull(self, coefficient_M: Tensor) -> None:
        """Adds each member's coefficient times the gradient of u' L' R v to those of both weights."""
        left_MHD, right_MHE = self.weights
        of_left_MHD, of_right_MHE = self.gradients
        scaled_M1 = coefficient_M[:, None]
        of_left_MHD.add_((right_MHE @ self._v_ME[:, :, None]) * (scaled_M1 * self._u_MD)[:, None, :])
        of_right_MHE.add_((left_MHD @ self._u_MD[:, :, None]) * (scaled_M1 * self._v_ME)[:, None, :])

    def measured(self) -> Tensor:
        """Sigma (members,) now."""
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


def _top(left_HD: Tensor, right_HE: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Sigma (), u (D,) and v (E,) of L' R; zeros of a zero product, NaN of one that is not finite."""
    gram_HH, other_HH = left_HD @ left_HD.T, right_HE @ right_HE.T
    if not bool((gram_HH.sum() + other_HH.sum()).isfinite()):
        return tuple(torch.full(shape, torch.nan) for shape in ((), left_HD.shape[1:], right_HE.shape[1:]))  # type: ignore[return-value]
    value_H, vector_HH = torch.linalg.eigh(gram_HH)
    root_HH = (vector_HH * value_H.clamp(min=0).sqrt()) @ vector_HH.T
    values_H, vectors_HH = torch.linalg.eigh(root_HH @ other_HH @ root_HH)
    image_E = right_HE.T @ (root_HH @ vectors_HH[:, -1])
    length = image_E.norm()
    if values_H[-1] <= 0 or length == 0:
        return torch.zeros(()), torch.zeros_like(left_HD[0]), torch.zeros_like(right_HE[0])
    v_E = image_E / length
    image_D = left_HD.T @ (right_HE @ v_E)
    sigma = image_D.norm()
    return sigma, image_D / sigma, v_E


def heads(query: Part, key: Part, value: Part, out: Part, count: int) -> dict[str, Product]:
    """Of each head, from 1, its bilinear form W_q W_k^T as `qk.<head>` and its map W_o W_v as `ov.<head>`.

    query, key, value: (width, …), the heads one after another in their rows; out: (…, width), in its columns.
    """
    found: dict[str, Product] = {}
    for kind, one, other in (("qk", query, key), ("ov", _turned(out), value)):
        for head in range(count):
            found[f"{kind}.{head + 1}"] = Product(*(_of_head(part, head, count) for part in (one, other)))
    return found


def _turned(part: Part) -> Part:
    return Part(part.weight, part.rows, part.columns, turned=not part.turned)


def _of_head(part: Part, head: int, count: int) -> Part:
    """The head's share of the rows that a part has once it is turned."""
    axis = 1 if part.turned else 0
    begin, end, _ = (part.columns if part.turned else part.rows).indices(part.weight.shape[axis])
    size = (end - begin) // count
    share = slice(begin + head * size, begin + (head + 1) * size)
    rows, columns = (part.rows, share) if part.turned else (share, part.columns)
    return Part(part.weight, rows, columns, turned=part.turned)
