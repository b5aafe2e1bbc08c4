"""Passes of stacked perceptrons, the backward one in closed form.

Axes: M member, O out, I in, J feature and one more, N sample.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from spectra_tune.operators.batched_matmul import product


class Passes:
    """Forward and backward passes of stacked perceptrons, in buffers bound to their parameters and input.

    logits_MON: written by `forward`; `backward` expects the derivative of the loss by the logits in its place and
    writes the gradients. hidden: each hidden layer's activations (members, units, samples), written by `forward`.
    Nothing is kept in the buffers from one pair of calls to the next.

    sizes: numbers from layer to layer. first: the name of the first layer's weight and bias as one.
    """

    def __init__(
        self,
        sizes: Sequence[int],
        activation: str,
        first: str,
        parameters: dict[str, Tensor],
        x_MJN: Tensor,
        empty: Callable[..., Tensor],
        gradients: dict[str, Tensor] | None,
    ):
        members, _, samples = x_MJN.shape
        self._relu = activation == "relu"
        self._outputs = [empty(members, size, samples) for size in sizes[1:]]
        *self.hidden, self.logits_MON = self._outputs
        inputs = [x_MJN, *self.hidden]
        layers = range(1, len(sizes))
        others = [f"layer_{layer}.weight" for layer in layers[1:]]
        weights = [parameters[first], *(parameters[name] for name in others)]
        self._biases_MO1 = [parameters[f"layer_{layer}.bias"].unsqueeze(2) for layer in layers]
        self._forward = [
            product(weight, below, output, add=number > 0)
            for number, (weight, below, output) in enumerate(zip(weights, inputs, self._outputs, strict=True))
        ]
        if gradients is not None:
            self._errors = [*(empty(*hidden.shape) for hidden in self.hidden), self.logits_MON]
            self._weights_MOI = weights
            to = [gradients[first], *(gradients[name] for name in others)]
            self._bias_gradients_MO = [gradients[f"layer_{layer}.bias"] for layer in layers]
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
