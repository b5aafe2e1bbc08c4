"""Multilayer perceptron, for one member and, stacked, with its backward pass in closed form.

Axes: M member, O out, I in, J in and one more, N sample, F feature.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from spectra_tune.networks import Network
from spectra_tune.products import product


def implement(network: Network, features: int, outputs: int) -> "MLP":
    """The perceptron features -> width -> ... -> width -> outputs."""
    sizes = (features, *[network.width] * network.depth, outputs)
    return MLP(sizes=sizes, activation=network.activation, init_name=network.init, init_gain=network.init_gain)


@dataclass(frozen=True, slots=True, kw_only=True)
class MLP:
    """Weights `weight_l` (out, in) and biases `bias_l` (out), l = 1 … depth + 1; the last layer is not regularized."""

    sizes: tuple[int, ...]
    activation: str
    init_name: str
    init_gain: float

    @property
    def layers(self) -> range:
        return range(1, len(self.sizes))

    @property
    def regularized(self) -> tuple[str, ...]:
        return tuple(f"weight_{layer}" for layer in self.layers[:-1])

    @property
    def side_by_side(self) -> tuple[tuple[str, str], ...]:
        """A layer's weight and bias are one matrix (out, in + 1) when stacked: one product does both."""
        return tuple((f"weight_{layer}", f"bias_{layer}") for layer in self.layers)

    @property
    def cells(self) -> int:
        """Numbers that a stacked pass keeps in a layer, per member and sample."""
        return max(self.sizes)

    def init(self, generator: torch.Generator) -> dict[str, Tensor]:
        """Initial parameters in float32; the draws of each layer come in torch.nn.Linear's order."""
        parameters = {}
        for layer in self.layers:
            fan_in = self.sizes[layer - 1]
            weight = torch.empty(self.sizes[layer], fan_in)
            if self.init_name == "he":
                weight.normal_(0.0, (2 / fan_in) ** 0.5, generator=generator)
            else:
                weight.uniform_(-(fan_in**-0.5), fan_in**-0.5, generator=generator)
            parameters[f"weight_{layer}"] = weight * self.init_gain
            bias = torch.empty(self.sizes[layer])
            parameters[f"bias_{layer}"] = bias.uniform_(-(fan_in**-0.5), fan_in**-0.5, generator=generator)
        return parameters

    def forward(self, parameters: dict[str, Tensor], x: Tensor) -> Tensor:
        """Logits (samples, outputs) of one member for x (samples, features)."""
        hidden = x
        for layer in self.layers:
            hidden = torch.nn.functional.linear(hidden, parameters[f"weight_{layer}"], parameters[f"bias_{layer}"])
            if layer < self.layers[-1]:
                hidden = torch.relu(hidden) if self.activation == "relu" else torch.tanh(hidden)
        return hidden

    def stacked(
        self,
        layers_MOJ: list[Tensor],
        x_MJN: Tensor,
        empty: Callable[..., Tensor],
        gradients_MOJ: list[Tensor] | None = None,
    ) -> "Passes":
        """Passes of all members at once over x, whose last row is ones; without gradients only forward.

        empty: makes tensors of a shape, as torch.empty does.
        """
        return Passes(self, layers_MOJ, x_MJN, empty, gradients_MOJ)


class Passes:
    """Forward and backward passes of stacked perceptrons, in buffers bound to their parameters and input.

    logits_MON: written by `forward`; `backward` expects the derivative of the loss by the logits in its place and
    writes the gradients. Each hidden layer's output carries a row of ones, so that biases are a weight's last column.
    """

    def __init__(
        self,
        mlp: MLP,
        layers_MOJ: list[Tensor],
        x_MJN: Tensor,
        empty: Callable[..., Tensor],
        gradients_MOJ: list[Tensor] | None,
    ):
        members, _, samples = x_MJN.shape
        self._relu = mlp.activation == "relu"
        self._hidden = []
        inputs, self._forward = [x_MJN], []
        for weight_MOJ in layers_MOJ[:-1]:
            width = weight_MOJ.shape[1]
            output_MJN = empty(members, width + 1, samples)
            output_MJN[:, width:] = 1
            self._hidden.append(output_MJN[:, :width])
            self._forward.append(product(weight_MOJ, inputs[-1], self._hidden[-1]))
            inputs.append(output_MJN)
        self.logits_MON = empty(members, layers_MOJ[-1].shape[1], samples)
        self._forward.append(product(layers_MOJ[-1], inputs[-1], self.logits_MON))
        if gradients_MOJ is not None:
            self._errors = [empty(*hidden.shape) for hidden in self._hidden]
            self._bind_backward(layers_MOJ, inputs, gradients_MOJ)

    def _bind_backward(self, layers_MOJ: list[Tensor], inputs: list[Tensor], gradients_MOJ: list[Tensor]) -> None:
        errors = [*self._errors, self.logits_MON]
        self._weights_MOI = [weight_MOJ[:, :, :-1] for weight_MOJ in layers_MOJ]
        self._to_gradient = [
            product(error, below.mT, gradient)
            for error, below, gradient in zip(errors, inputs, gradients_MOJ, strict=True)
        ]
        self._to_below = [
            product(self._weights_MOI[number].mT, errors[number], errors[number - 1])
            for number in range(1, len(errors))
        ]

    def forward(self) -> None:
        for hidden, call in zip(self._hidden, self._forward, strict=False):
            call()
            if self._relu:
                hidden.relu_()
            else:
                hidden.tanh_()
        self._forward[-1]()

    def backward(self) -> None:
        for number in reversed(range(len(self._to_gradient))):
            self._to_gradient[number]()
            if number > 0:
                self._error_below(number)

    def _error_below(self, number: int) -> None:
        """The loss's derivative by the layer below, before its activation."""
        error, hidden = self._errors[number - 1], self._hidden[number - 1]
        if number == len(self._errors) and self.logits_MON.shape[1] == 1:
            torch.mul(self._weights_MOI[number].mT, self.logits_MON, out=error)  # an outer product
        else:
            self._to_below[number - 1]()
        if self._relu:
            torch.ops.aten.threshold_backward.grad_input(error, hidden, 0, grad_input=error)
        else:
            torch.ops.aten.tanh_backward.grad_input(error, hidden, grad_input=error)
