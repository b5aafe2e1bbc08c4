"""All parameters of a module in one flat tensor, and their gradients in another: one optimizer step moves them all."""

import torch
from torch import Tensor
from torch.nn import Module, Parameter


class FlatParameters:
    """A module's trainable parameters as views of one flat Parameter, each once however often it is used.

    Elementwise optimizers step on the flat one as they would on each; a parameter that the loss does not reach has
    gradient 0.
    """

    def __init__(self, module: Module):
        trained = [value for value in module.parameters() if value.requires_grad]
        sizes = [value.numel() for value in trained]
        first = trained[0]
        self.value = Parameter(torch.empty(sum(sizes), dtype=first.dtype, device=first.device))
        self.gradient = torch.zeros_like(self.value, requires_grad=False)
        self.value.grad = self.gradient
        places = zip(self.value.detach().split(sizes), self.gradient.split(sizes), strict=True)
        for parameter, (value, gradient) in zip(trained, places, strict=True):
            value = value.view(parameter.shape)
            value.copy_(parameter.detach())
            parameter.data = value
            parameter.grad = gradient.view(parameter.shape)

    def place_of(self, parameter: Tensor) -> int:
        """Where a parameter begins in the flat one."""
        return int(parameter.storage_offset())

    def finite(self) -> bool:
        """Whether all parameters are finite."""
        return bool(self.value.detach().isfinite().all())

    def gradient_of(self, parameter: Tensor) -> Tensor:
        """The view of the flat gradient that belongs to a parameter."""
        gradient = parameter.grad
        assert gradient is not None
        return gradient
