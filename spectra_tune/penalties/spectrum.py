"""strength / K * ||G - target^2 I||_F^2 of each regularized matrix, G its Gram matrix on the smaller side K.

So every singular value is pulled to the target, not the largest alone. Axes: M member, K the smaller side.
Source: the orthogonality penalty of Brock et al. 2017 and Vorontsov et al. 2017, about another radius than 1.
"""

from torch import Tensor

from spectra_tune.errors import InvalidStudy
from spectra_tune.operators import Followed
from spectra_tune.operators.batched_matmul import product
from spectra_tune.operators.dense import TopSingularValue
from spectra_tune.operators.tracked import TrackedTopSingularValue


class Penalty:
    """The penalty of one matrix; it has no sides.

    Its gradient is 4 * strength / K * W (W'W - target^2 I), of a wide matrix that of its transpose.
    """

    def __init__(self, operator: Followed, strength_M: Tensor, one_sided_M: Tensor, power_M: Tensor):  # noqa: ARG002
        if not isinstance(operator, TopSingularValue | TrackedTopSingularValue):
            raise InvalidStudy(
                "penalty 'spectrum' pulls matrices, and what is regularized here is not all such: name those that are "
                "(regularized=…), or choose the penalty 'spectral_norm'"
            )
        weight, gradient = *operator.weights, *operator.gradients
        tall = weight.shape[1] >= weight.shape[2]
        matrix, self._gradient = (weight, gradient) if tall else (weight.mT, gradient.mT)
        members, rows, columns = matrix.shape
        self._strength_M = strength_M
        self._scale_M = 4 * strength_M / columns
        self._gram_MKK, self._pulled = (
            weight.new_empty(members, columns, columns),
            weight.new_empty(members, rows, columns),
        )
        self._to_gram = product(matrix.mT, matrix, self._gram_MKK)
        self._to_pulled = product(matrix, self._gram_MKK, self._pulled)

    def __call__(self, target_M: Tensor) -> None:
        self.pull(target_M)

    def pull(self, target_M: Tensor) -> None:
        """What a call adds."""
        self._renew(target_M)
        self._to_pulled()
        self._gradient.add_(self._pulled.mul_(self._scale_M[:, None, None]))

    def value(self, target_M: Tensor) -> Tensor:
        """The penalty of each member (members,)."""
        self._renew(target_M)
        squares_M = self._gram_MKK.flatten(1).square().sum(dim=1)
        return self._strength_M / self._gram_MKK.shape[1] * squares_M

    def _renew(self, target_M: Tensor) -> None:
        self._to_gram()
        self._gram_MKK.diagonal(dim1=1, dim2=2).sub_(target_M.square()[:, None])
