"""Multilayer perceptron, for one member and, stacked, with its backward pass in closed form.

Axes: M member, O out, I in, J feature and one more, N sample.
"""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from spectra_tune.networks import Network
from spectra_tune.operators.batched_matmul import product


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
    def in_series(self) -> tuple[str, ...]:
        return tuple(f"weight_{layer}" for layer in self.layers)

    @property
    def side_by_side(self) -> tuple[tuple[str, str], ...]:
        """The first layer's weight and bias are one matrix (out, in + 1) when stacked: one product does both."""
        return (("weight_1", "bias_1"),)

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
        return deque(self._outputs(parameters, x), maxlen=1).pop()  # hidden layers are not kept

    def with_hidden(self, parameters: dict[str, Tensor], x: Tensor) -> tuple[Tensor, list[Tensor]]:
        """The logits and the activations (samples, width) of each hidden layer, from the input on."""
        *hidden, logits = self._outputs(parameters, x)
        return logits, hidden

    def _outputs(self, parameters: dict[str, Tensor], x: Tensor) -> Iterator[Tensor]:
        """What each layer gives to the next: activations, and of the last layer the logits."""
        output = x
        for layer in self.layers:
            output = torch.nn.functional.linear(output, parameters[f"weight_{layer}"], parameters[f"bias_{layer}"])
            if layer < self.layers[-1]:
                output = torch.relu(output) if self.activation == "relu" else torch.tanh(output)
            yield output

    def stacked(
        self,
        parameters: dict[str, Tensor],
        x_MJN: Tensor,
        empty: Callable[..., Tensor],
        gradients: dict[str, Tensor] | None = None,
    ) -> "Passes":
        """Passes of all members at once over x, whose last row is ones; without gradients only forward.

        parameters, gradients: (members, …) by name, those of `side_by_side` also as one under their names joined by a
        plus sign. empty: makes tensors of a shape, as torch.empty does.
        """
        return Passes(self, parameters, x_MJN, empty, gradients)


class Passes:
    """Forward and backward passes of stacked perceptrons, in buffers bound to their parameters and input.

    logits_MON: written by `forward`; `backward` expects the derivative of the loss by the logits in its place and
    writes the gradients. hidden: each hidden layer's activations (members, units, samples), written by `forward`.
    Nothing is kept in the buffers from one pair of calls to the next.
    """

    def __init__(
        self,
        mlp: MLP,
        parameters: dict[str, Tensor],
        x_MJN: Tensor,
        empty: Callable[..., Tensor],
        gradients: dict[str, Tensor] | None,
    ):
        members, _, samples = x_MJN.shape
        self._relu = mlp.activation == "relu"
        self._outputs = [empty(members, size, samples) for size in mlp.sizes[1:]]
        *self.hidden, self.logits_MON = self._outputs
        inputs = [x_MJN, *self.hidden]
        weights = [parameters["weight_1+bias_1"], *(parameters[f"weight_{layer}"] for layer in mlp.layers[1:])]
        self._biases_MO1 = [parameters[f"bias_{layer}"].unsqueeze(2) for layer in mlp.layers]
        self._forward = [
            product(weight, below, output, add=number > 0)
            for number, (weight, below, output) in enumerate(zip(weights, inputs, self._outputs, strict=True))
        ]
        if gradients is not None:
            self._errors = [*(empty(*hidden.shape) for hidden in self.hidden), self.logits_MON]
            self._weights_MOI = weights
            to = [gradients["weight_1+bias_1"], *(gradients[f"weight_{layer}"] for layer in mlp.layers[1:])]
            self._bias_gradients_MO = [gradients[f"bias_{layer}"] for layer in mlp.layers]
            self._to_gradient = [
                product(error, below.mT, gradient)
                for error, below, gradient in zip(self._errors, inputs, to, strict=True)
            ]
            self._to_below = [
                product(weights[number].mT, self._errors[number], self._errors[number - 1])
                for number in range(1, len(weights))
            ]

    def forward(self) -> None:
        for number, output in enumerate(self._outputs):
            if number > 0:
                output.copy_(self._biases_MO1[number].expand_as(output))
            self._forward[number]()
            if number < len(self.hidden):
                if self._relu:
                    output.relu_()
                else:
                    output.tanh_()

    def backward(self) -> None:
        for number in reversed(range(len(self._errors))):
            self._to_gradient[number]()
            if number > 0:
                torch.sum(self._errors[number], dim=2, out=self._bias_gradients_MO[number])
                self._error_below(number)

    def _error_below(self, number: int) -> None:
        """The loss's derivative by the layer below, before its activation."""
        error, hidden = self._errors[number - 1], self.hidden[number - 1]
        if self._errors[number].shape[1] == 1:
            torch.mul(self._weights_MOI[number].mT, self._errors[number], out=error)  # an outer product
        else:
            self._to_below[number - 1]()
        if self._relu:
            torch.ops.aten.threshold_backward.grad_input(error, hidden, 0, grad_input=error)
        else:
            torch.ops.aten.tanh_backward.grad_input(error, hidden, grad_input=error)
