"""strength * ||W'W - target^2 I||_F^2 / K of each regularized matrix: every singular value is pulled to the target.

Axes: M member, O out, I in, K the smaller of the two.
"""

from collections.abc import Callable

from torch import Tensor

from spectra_tune.operators import Followed
from spectra_tune.operators.batched_matmul import product


class Penalty:
    """The penalty of one matrix: the mean over its K singular values of (s^2 - target^2)^2; it has no sides.

    W'W is formed on the smaller side. The gradient is 4 * strength / K * W (W'W - target^2 I).
    Source: soft orthogonality (Bansal et al. 2018, target 1); the mean is ours: strengths compare across widths.
    """

    def __init__(self, operator: Followed, strength_M: Tensor, one_sided_M: Tensor, power: int):  # noqa: ARG002, all take them
        (weight_MOI,), gradients = operator.weights, operator.gradients
        tall = weight_MOI.shape[1] >= weight_MOI.shape[2]
        side = min(weight_MOI.shape[1:])
        self._of_side_M, self._scale_M11 = strength_M / side, (4 * strength_M / side)[:, None, None]
        self._gram_MKK = weight_MOI.new_empty(len(weight_MOI), side, side)
        both = (weight_MOI.mT, weight_MOI) if tall else (weight_MOI, weight_MOI.mT)
        self._to_gram = product(*both, self._gram_MKK)
        self._add: list[Callable[[], None]] = [
            product(*((weight_MOI, self._gram_MKK) if tall else (self._gram_MKK, weight_MOI)), gradient, add=True)
            for gradient in gradients
        ]

    def __call__(self, target_M: Tensor) -> None:
        self.pull(target_M)

    def pull(self, target_M: Tensor) -> None:
        """What a call adds."""
        self._renew(target_M)
        self._gram_MKK.mul_(self._scale_M11)
        for add in self._add:
            add()

    def value(self, target_M: Tensor) -> Tensor:
        """The penalty of each member (members,)."""
        self._renew(target_M)
        return self._of_side_M * self._gram_MKK.flatten(1).square().sum(dim=1)

    def _renew(self, target_M: Tensor) -> None:
        """How far W'W lies from that of a matrix with all its singular values at the target."""
        self._to_gram()
        self._gram_MKK.diagonal(dim1=1, dim2=2).sub_((target_M * target_M)[:, None])
