"""Forward and backward passes of a network that has only a forward for one member.

Axes: M member, O output, F feature, J feature and one more, N sample.
"""

from typing import Any

import torch
from torch import Tensor


class MappedPasses:
    """Passes of all members at once by vmap and autograd.

    logits_MON: written by `forward`; `backward` expects the derivative of the loss by the logits in its place.
    """

    def __init__(self, network: Any, parameters: dict[str, Tensor], x_MJN: Tensor, gradients: dict[str, Tensor] | None):
        self._network, self._parameters, self._gradients = network, parameters, gradients
        self._x_MNF = x_MJN[:, :-1].transpose(1, 2)
        self._pull = None
        self.logits_MON = torch.empty(0)

    def forward(self) -> None:
        def logits(parameters: dict[str, Tensor]) -> Tensor:
            return torch.func.vmap(self._network.forward)(parameters, self._x_MNF).transpose(1, 2)

        if self._gradients is None:
            self.logits_MON = logits(self._parameters).contiguous()
        else:
            output_MON, self._pull, *_ = torch.func.vjp(logits, self._parameters)
            self.logits_MON = output_MON.clone(memory_format=torch.contiguous_format)

    def backward(self) -> None:
        assert self._pull is not None, "forward comes first"
        assert self._gradients is not None, "passes without gradients only go forward"
        (gradients,) = self._pull(self.logits_MON)
        for name, gradient in gradients.items():
            self._gradients[name].copy_(gradient)
