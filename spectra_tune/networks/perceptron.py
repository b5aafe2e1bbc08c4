"""Multilayer perceptron, for one member and, stacked, with its backward pass in closed form.

Axes: M member, O out, I in, N sample, F feature.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from spectra_tune.networks import Network


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

    def stacked_forward(self, parameters: dict[str, Tensor], x_MFN: Tensor) -> list[Tensor]:
        """Input, every hidden layer's output, and the logits (members, outputs, samples) of all members at once."""
        outputs = [x_MFN]
        for layer in self.layers:
            bias_MO1 = parameters[f"bias_{layer}"].unsqueeze(2)
            hidden_MON = torch.baddbmm(bias_MO1, parameters[f"weight_{layer}"], outputs[-1])
            if layer < self.layers[-1]:
                hidden_MON = hidden_MON.relu_() if self.activation == "relu" else hidden_MON.tanh_()
            outputs.append(hidden_MON)
        return outputs

    def stacked_backward(
        self, parameters: dict[str, Tensor], outputs: list[Tensor], error_MON: Tensor, gradients: dict[str, Tensor]
    ) -> None:
        """Writes the gradients of all members; error_MON is the derivative of the loss by the logits.

        outputs are stacked_forward's, which this overwrites nowhere. gradients: preallocated, shaped as parameters.
        """
        for layer in reversed(self.layers):
            below_MIN = outputs[layer - 1]
            torch.bmm(error_MON, below_MIN.transpose(1, 2), out=gradients[f"weight_{layer}"])
            torch.sum(error_MON, dim=2, out=gradients[f"bias_{layer}"])
            if layer > 1:
                error_MON = torch.bmm(parameters[f"weight_{layer}"].transpose(1, 2), error_MON)
                if self.activation == "relu":
                    error_MON = torch.ops.aten.threshold_backward(error_MON, below_MIN, 0)
                else:
                    error_MON = error_MON * (1 - below_MIN * below_MIN)
