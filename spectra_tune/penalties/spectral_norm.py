"""strength * (sigma^k - target^k)^2 of each regularized weight: its spectral norm is pulled to a target. k: the power.

Axes: M member.
"""

import torch
from torch import Tensor

from spectra_tune.operators import Followed


class Penalty:
    """The penalty of one operator; one-sided members are left alone below their target.

    Its gradient is 2 * strength * (sigma^k - target^k) * k * sigma^(k - 1) * u v^T for a matrix, singular vectors held
    fixed.
    """

    def __init__(self, operator: Followed, strength_M: Tensor, one_sided_M: Tensor, power_M: Tensor):
        self._operator = operator
        self._strength_M, self._twice_strength_M = strength_M, 2 * strength_M
        self._one_sided_M = one_sided_M if bool(one_sided_M.any()) else None
        self._power_M = power_M if bool((power_M != 1).any()) else None

    def __call__(self, target_M: Tensor) -> None:
        self._operator()
        self.pull(target_M)

    def pull(self, target_M: Tensor) -> None:
        """What a call adds, by sigma as last renewed."""
        coefficient_M = self._excess(target_M).mul_(self._twice_strength_M)
        if self._power_M is not None:
            coefficient_M.mul_(self._power_M * self._operator.sigma_M ** (self._power_M - 1))
        self._operator.pull(coefficient_M)

    def value(self, target_M: Tensor) -> Tensor:
        """The penalty of each member (members,)."""
        self._operator()
        return self._strength_M * self._excess(target_M).square()

    def _excess(self, target_M: Tensor) -> Tensor:
        """How far sigma, just renewed, lies above its target, each to the power."""
        sigma_M = self._operator.sigma_M
        power_M = self._power_M
        excess_M = sigma_M - target_M if power_M is None else sigma_M**power_M - target_M**power_M
        if self._one_sided_M is not None:
            excess_M = torch.where(self._one_sided_M & (excess_M < 0), 0.0, excess_M)
        return excess_M
