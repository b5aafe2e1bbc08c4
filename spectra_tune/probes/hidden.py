"""Hidden layers of a module, as far as it shows them: the outputs of its activations, in the order of computation."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn import Module

from spectra_tune.probes.probe_input import ProbeInput, said_by_torch

ACTIVATIONS = (
    *(nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.ELU, nn.SELU, nn.GELU, nn.SiLU, nn.Mish, nn.Softplus),
    *(nn.Tanh, nn.Sigmoid, nn.Hardtanh, nn.Hardsigmoid, nn.Hardswish),
)

SHOWS_NONE = (
    "the network shows no hidden layers: activations that are modules (torch.nn.ReLU, …) are seen, functions are not"
)


@contextmanager
def watched(module: Module) -> Iterator[list[tuple[Module, Tensor]]]:
    """Within, every activation that a forward pass computes is added to the list, with the module that computed it."""
    seen: list[tuple[Module, Tensor]] = []

    def see(module: Module, _inputs: object, output: Tensor) -> None:
        seen.append((module, output))

    handles = [one.register_forward_hook(see) for one in module.modules() if isinstance(one, ACTIVATIONS)]
    try:
        yield seen
    finally:
        for handle in handles:
            handle.remove()


def with_hidden(module: Module, x: Tensor) -> tuple[Tensor, list[tuple[Module, Tensor]]]:
    """A module's outputs, and its hidden activations from the input on."""
    with watched(module) as hidden:
        outputs = module(x)
    return outputs, hidden


def hidden_layers(probed: ProbeInput) -> list[type[Module]] | str:
    """The kinds of activation of the hidden layers, at least one, or the reason why they cannot be looked at."""
    try:
        with torch.no_grad():
            _, hidden = with_hidden(probed.member(0), probed.points[:2])
    except RuntimeError as error:
        return said_by_torch(error)
    return [type(module) for module, _ in hidden] or SHOWS_NONE
