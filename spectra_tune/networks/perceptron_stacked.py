"""Perceptrons stacked, with their backward pass in closed form.

Axes: M member, O out, I in, J feature and one more, N sample.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from spectra_tune.operators.batched_matmul import product

FIRST = ("layer_1.weight", "layer_1.bias")


@dataclass(frozen=True, slots=True, kw_only=True)
class StackedPerceptron:
    """All members' perceptrons of one shape; parameters go by the names of the module's.

    sizes: numbers from layer to layer, inputs and outputs included.
    """

    sizes: tuple[int, ...]
    activation: str

    @property
    def layers(self) -> range:
        return range(1, len(self.sizes))

    @property
    def side_by_side(self) -> tuple[tuple[str, str], ...]:
        """The first layer's weight and bias are one matrix (out, in + 1) when stacked: one product does both."""
        return (FIRST,)

    @property
    def cells(self) -> int:
        """Numbers that a stacked pass keeps in a layer, per member and sample."""
        return max(self.sizes)

    @property
    def kept(self) -> int:
        """Numbers of a layer that a training pass keeps, per member and sample."""
        return max(self.sizes)

    def passes(
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
        perceptron: StackedPerceptron,
        parameters: dict[str, Tensor],
        x_MJN: Tensor,
        empty: Callable[..., Tensor],
        gradients: dict[str, Tensor] | None,
    ):
        members, _, samples = x_MJN.shape
        self._relu = perceptron.activation == "relu"
        self._outputs = [empty(members, size, samples) for size in perceptron.sizes[1:]]
        *self.hidden, self.logits_MON = self._outputs
        inputs = [x_MJN, *self.hidden]
        weights = [
            parameters["+".join(FIRST)],
            *(parameters[f"layer_{layer}.weight"] for layer in perceptron.layers[1:]),
        ]
        self._biases_MO1 = [parameters[f"layer_{layer}.bias"].unsqueeze(2) for layer in perceptron.layers]
        self._forward = [
            product(weight, below, output, add=number > 0)
            for number, (weight, below, output) in enumerate(zip(weights, inputs, self._outputs, strict=True))
        ]
        if gradients is not None:
            self._errors = [*(empty(*hidden.shape) for hidden in self.hidden), self.logits_MON]
            self._weights_MOI = weights
            to = [gradients["+".join(FIRST)], *(gradients[f"layer_{layer}.weight"] for layer in perceptron.layers[1:])]
            self._bias_gradients_MO = [gradients[f"layer_{layer}.bias"] for layer in perceptron.layers]
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
