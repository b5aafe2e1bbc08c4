"""Top singular values of stacked weights, and the penalty's gradient.

Axes: M member, O out, I in, K the smaller of the two, L layer.
"""

import torch
from torch import Tensor

GROUPS_OF_SQUARINGS, SQUARINGS_PER_GROUP = 4, 3
"""12 squarings raise the Gram matrix to the power 4096; normalising each third keeps float32 in range to K = 1024."""


def top_singular_value(weight_MOI: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Spectral norm of each member's weight, with its unit singular vectors.

    weight_MOI: (members, out, in). Returns sigma (members,), u (members, out), v (members, in).
    Relative error <= 1e-5 in float32, also where the two top singular values meet (then u, v are one pair of them).
    A zero matrix gets sigma 0 and zero vectors; a non-finite member gets NaN and does not disturb the others.
    Source: repeated squaring of the Gram matrix, stateless; two columns or rows have a closed form.
    """
    if weight_MOI.shape[1] < weight_MOI.shape[2]:
        sigma_M, v_MI, u_MO = top_singular_value(weight_MOI.transpose(1, 2))
        return sigma_M, u_MO, v_MI
    gram_MKK = torch.bmm(weight_MOI.transpose(1, 2), weight_MOI)
    v_MK = _angle_of_top_eigenvector(gram_MKK) if gram_MKK.shape[1] == 2 else _top_eigenvector(gram_MKK)
    image_MO = torch.bmm(weight_MOI, v_MK.unsqueeze(2)).squeeze(2)
    sigma_M = torch.linalg.vector_norm(image_MO, dim=1)
    return sigma_M, image_MO / _nonzero(sigma_M)[:, None], v_MK


def add_penalty_gradient(
    weight_MOI: Tensor, gradient_MOI: Tensor, strength_M: Tensor, target_M: Tensor, one_sided_M: Tensor
) -> Tensor:
    """Adds 2 * strength * (sigma - target) * u v^T to each member's gradient; returns sigma (members,).

    The gradient of strength * (sigma - target)^2, with u and v held fixed; one-sided members are left alone below
    their target.
    """
    sigma_M, u_MO, v_MI = top_singular_value(weight_MOI)
    excess_M = sigma_M - target_M
    excess_M = torch.where(one_sided_M & (excess_M < 0), 0.0, excess_M)
    pull_M = 2 * strength_M * excess_M
    gradient_MOI += (pull_M[:, None] * u_MO)[:, :, None] * v_MI[:, None, :]
    return sigma_M


def _angle_of_top_eigenvector(gram_M22: Tensor) -> Tensor:
    """Unit eigenvector (members, 2) of symmetric 2 x 2 matrices: half the angle of (a - c, 2 b)."""
    angle_M = torch.atan2(2 * gram_M22[:, 0, 1], gram_M22[:, 0, 0] - gram_M22[:, 1, 1]) / 2
    scale_M = (gram_M22[:, 0, 0] + gram_M22[:, 1, 1] > 0).to(gram_M22.dtype)
    return torch.stack((angle_M.cos(), angle_M.sin()), dim=1) * scale_M[:, None]


def _top_eigenvector(gram_MKK: Tensor) -> Tensor:
    """Unit eigenvector (members, K) of the top eigenvalue: the longest column of a high power of the matrix."""
    power_MKK = gram_MKK
    for _ in range(GROUPS_OF_SQUARINGS):
        norm_M = torch.linalg.vector_norm(power_MKK, dim=(1, 2))
        power_MKK = power_MKK / _nonzero(norm_M)[:, None, None]
        for _ in range(SQUARINGS_PER_GROUP):
            power_MKK = torch.bmm(power_MKK, power_MKK)
    column_M = power_MKK.diagonal(dim1=1, dim2=2).argmax(dim=1)
    v_MK = power_MKK.gather(2, column_M[:, None, None].expand(-1, power_MKK.shape[1], 1)).squeeze(2)
    return v_MK / _nonzero(torch.linalg.vector_norm(v_MK, dim=1))[:, None]


def _nonzero(value_M: Tensor) -> Tensor:
    """The value, or 1 where it is 0, to divide by."""
    return torch.where(value_M == 0, 1.0, value_M)
