"""Weights that torch.nn.utils.parametrize computes: the map is what they come to, the pull goes to what they come from.

Axes: M member, always one: it is the layer itself that computes.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from spectra_tune.operators import Followed, Operator, fans_of


class Computed:
    """A map whose weight a layer's parametrization computes; `of` makes it of the computed weight."""

    def __init__(self, layer: Any, of: Callable[[Tensor], Operator], name: str = "weight"):
        self.parametrization, self.of = layer.parametrizations[name], of
        self.weights = tuple(value for value in self.parametrization.parameters() if value.requires_grad)

    def now(self) -> Tensor:
        """The weight as it is in evaluation mode: what it is computed with is not moved on."""
        modes = [(one, one.training) for one in self.parametrization.modules()]
        self.parametrization.eval()
        try:
            return self.parametrization()
        finally:
            for one, mode in modes:
                one.training = mode

    @property
    def fans(self) -> tuple[int, int] | None:
        """Those of the map."""
        return fans_of(self.of(self.now().detach()))

    def follow(self, weights: Sequence[Tensor], gradients: Sequence[Tensor] | None) -> Followed:
        assert all(len(weight) == 1 for weight in weights), "a parametrized weight belongs to one module"
        return FollowedComputed(self, weights, () if gradients is None else gradients)


class FollowedComputed:
    """The operator of a computed weight, and its pull by way of what computes it."""

    def __init__(self, computed: Computed, weights: Sequence[Tensor], gradients: Sequence[Tensor]):
        self.weights, self.gradients = weights, gradients
        self._computed = computed
        self._value_M = computed.now().detach().clone().unsqueeze(0)
        self._pulled_M = torch.zeros_like(self._value_M)
        self._inner = computed.of(self._value_M[0]).follow([self._value_M], [self._pulled_M])
        self.sigma_M = self._inner.sigma_M

    def __call__(self) -> None:
        self._renew()
        self._inner()

    def _renew(self) -> None:
        with torch.no_grad():
            self._value_M[0].copy_(self._computed.now())

    def pull(self, coefficient_M: Tensor) -> None:
        """Adds the coefficient times the gradient of sigma by each parameter that the weight is computed from."""
        self._inner.pull(coefficient_M)
        with torch.enable_grad():
            found = torch.autograd.grad(
                self._computed.now(), self._computed.weights, self._pulled_M.detach()[0].clone(), allow_unused=True
            )
        self._pulled_M.zero_()
        for gradient_M, one in zip(self.gradients, found, strict=True):
            if one is not None:
                gradient_M[0].add_(one)

    def measured(self) -> Tensor:
        """Sigma (1,) now, without an effect on later calls."""
        self._renew()
        return self._inner.measured()

    @property
    def fallbacks(self) -> Sequence[int]:
        """Those of the map."""
        return self._inner.fallbacks

    def state(self) -> dict[str, Tensor]:
        """That of the map."""
        return self._inner.state()

    def restore(self, state: dict[str, Tensor]) -> None:
        self._inner.restore(state)
