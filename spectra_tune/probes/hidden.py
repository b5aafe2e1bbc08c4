"""Hidden layers of a module, as far as it shows them: the outputs of its activations, in the order of computation."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import Module
from torch.nn.modules.conv import _ConvNd

from spectra_tune.probes.probe_input import ProbeInput, said_by_torch

ACTIVATIONS = (
    *(nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.ELU, nn.SELU, nn.GELU, nn.SiLU, nn.Mish, nn.Softplus),
    *(nn.Tanh, nn.Sigmoid, nn.Hardtanh, nn.Hardsigmoid, nn.Hardswish),
)

LAYERS = (nn.Linear, _ConvNd, nn.RNNBase, nn.MultiheadAttention)

MOST_NUMBERS = 2**24
"""Of hidden layers that are held at a time: 128 MiB, or 887 points in `cnn(channels=16)` on images of 28 x 28."""

SHOWS_NONE = (
    "the network shows no hidden layers: activations that are modules (torch.nn.ReLU, …) are seen, functions and what "
    "torch.nn.RNN, GRU and LSTM compute within are not"
)


class Hidden(NamedTuple):
    """What an activation computed."""

    module: Module
    output: Tensor
    of_convolution: bool  # whether the layer below it is one

    def units(self) -> Tensor:
        """(numbers, units): a unit is a channel of a convolution, at every place, or a number, at every position."""
        return (self.output.movedim(1, -1) if self.of_convolution else self.output).flatten(0, -2)


@contextmanager
def watched(module: Module, see: Callable[[Hidden], object]) -> Iterator[None]:
    """Within, every activation that a forward pass computes is seen."""
    below: list[Module] = []

    def pass_layer(layer: Module, _inputs: object, _output: object) -> None:
        below[:] = [layer]

    def pass_activation(activation: Module, _inputs: object, output: Tensor) -> None:
        see(Hidden(activation, output, bool(below) and isinstance(below[0], _ConvNd)))

    handles = [
        one.register_forward_hook(pass_activation if isinstance(one, ACTIVATIONS) else pass_layer)
        for one in module.modules()
        if isinstance(one, ACTIVATIONS + LAYERS)
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def with_hidden(module: Module, x: Tensor) -> tuple[Tensor, list[Hidden]]:
    """A module's outputs, and its hidden activations from the input on."""
    hidden: list[Hidden] = []
    with watched(module, hidden.append):
        outputs = module(x)
    return outputs, hidden


def points_at_once(hidden: Sequence[Hidden]) -> int:
    """How many points have MOST_NUMBERS in these layers, which are of one point or more."""
    return max(1, MOST_NUMBERS // sum(one.output[0].numel() for one in hidden))


def hidden_layers(probed: ProbeInput) -> list[Hidden] | str:
    """The hidden layers, at least one, as two points make them, or the reason why they cannot be looked at."""
    try:
        with torch.no_grad():
            _, hidden = with_hidden(probed.member(0), probed.points[:2])
    except RuntimeError as error:
        return said_by_torch(error)
    return hidden or SHOWS_NONE
