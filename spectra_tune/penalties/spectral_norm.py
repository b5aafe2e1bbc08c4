"""strength * (sigma^k - target^k)^2 of each regularized weight: its spectral norm is pulled to a target.

Axes: M member.
"""

import torch
from torch import Tensor

from spectra_tune.operators import Followed


class Penalty:
    """The penalty of one operator; one-sided members are left alone below their target.

    Its gradient is 2 k * strength * (sigma^k - target^k) * sigma^(k-1) * u v^T for a matrix, singular vectors held
    fixed. Powers are products, which round alike in any company.
    """

    def __init__(self, operator: Followed, strength_M: Tensor, one_sided_M: Tensor, power: int):
        self._operator, self._power = operator, power
        self._strength_M, self._twice_strength_M = strength_M, 2 * strength_M
        self._one_sided_M = one_sided_M if bool(one_sided_M.any()) else None

    def __call__(self, target_M: Tensor) -> None:
        self._operator()
        self.pull(target_M)

    def pull(self, target_M: Tensor) -> None:
        """What a call adds, by sigma as last renewed."""
        coefficient_M = self._excess(target_M).mul_(self._twice_strength_M)
        if self._power > 1:
            coefficient_M.mul_(self._power).mul_(_power_of(self._operator.sigma_M, self._power - 1))
        self._operator.pull(coefficient_M)

    def value(self, target_M: Tensor) -> Tensor:
        """The penalty of each member (members,)."""
        self._operator()
        return self._strength_M * self._excess(target_M).square()

    def _excess(self, target_M: Tensor) -> Tensor:
        """How far sigma, just renewed, lies above its target, in their powers."""
        excess_M = _power_of(self._operator.sigma_M, self._power) - _power_of(target_M, self._power)
        if self._one_sided_M is not None:
            excess_M = torch.where(self._one_sided_M & (excess_M < 0), 0.0, excess_M)
        return excess_M


def _power_of(value_M: Tensor, power: int) -> Tensor:
    """A power >= 1."""
    found_M = value_M
    for _ in range(power - 1):
        found_M = found_M * value_M
    return found_M
