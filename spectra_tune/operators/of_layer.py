"""Convolutions whose input size is not yet known, and the traced forward pass that finds it."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor
from torch.nn import Module

from spectra_tune.errors import InvalidStudy
from spectra_tune.operators import Followed, Operator
from spectra_tune.operators.computed import Computed
from spectra_tune.operators.convolution import Convolution


class LayerConvolution:
    """The kernel of a convolutional layer (torch.nn.Conv1d … ConvTranspose3d), on inputs of the size that it sees.

    kernel: another one than the layer has now, where its own is computed.
    """

    def __init__(self, layer: Any, kernel: Tensor | None = None):
        self.layer = layer
        self.weights = (layer.weight if kernel is None else kernel,)

    @property
    def fans(self) -> tuple[int, int]:
        """Channels out and in."""
        return self.layer.out_channels, self.layer.in_channels

    def follow(self, weights: Any, gradients: Any) -> Followed:  # noqa: ARG002, every operator takes them
        raise InvalidStudy("a convolution is followed on inputs of one size: find it by `sized`")

    def on(self, inputs: tuple[int, ...], outputs: tuple[int, ...]) -> Convolution:
        """The map of images of this size to such: axes without channels."""
        layer = self.layer
        given = {name: getattr(layer, name) for name in ("stride", "padding", "dilation", "groups", "padding_mode")}
        without = Convolution(self.weights[0], input_size=inputs, transposed=layer.transposed, **given)
        if not layer.transposed:
            return without
        reached = without.geometry.outputs[1:]
        output_padding = [there - here for there, here in zip(outputs, reached, strict=True)]
        return Convolution(self.weights[0], input_size=inputs, transposed=True, output_padding=output_padding, **given)


def sized(operators: Mapping[str, Operator], module: Module, example: Tensor) -> dict[str, Operator]:
    """The operators, those of convolutional layers with the size that one forward pass of the example has there.

    The pass is in evaluation mode and without gradients; the module is left in the mode that it was in. Raises
    InvalidStudy where a layer does not run in it, or does on two sizes.
    """
    layers = {id(layer): layer for layer in map(_layer_of, operators.values()) if layer is not None}
    if not layers:
        return dict(operators)
    seen: dict[int, list[tuple[tuple[int, ...], tuple[int, ...]]]] = {place: [] for place in layers}

    def see(layer: Any, inputs: Any, output: Tensor) -> None:
        axes = layer.weight.ndim - 2
        sizes = (tuple(inputs[0].shape[-axes:]), tuple(output.shape[-axes:]))
        if sizes not in seen[id(layer)]:
            seen[id(layer)].append(sizes)

    handles = [layer.register_forward_hook(see) for layer in layers.values()]
    training = {one: one.training for one in module.modules()}
    module.eval()
    try:
        with torch.no_grad():
            module(example)
    finally:
        for handle in handles:
            handle.remove()
        for one, mode in training.items():
            one.training = mode
    return {name: _on(name, operator, seen) for name, operator in operators.items()}


def needs_example(operator: Operator) -> bool:
    """Whether an operator's input size must be found by a forward pass."""
    return _layer_of(operator) is not None


def _layer_of(operator: Operator) -> Any:
    """The convolutional layer that an operator is of; None of another."""
    if isinstance(operator, Computed):
        return _layer_of(operator.of(operator.now().detach()))
    return operator.layer if isinstance(operator, LayerConvolution) else None


def _on(name: str, operator: Operator, seen: Mapping[int, list[Any]]) -> Operator:
    layer = _layer_of(operator)
    if layer is None:
        return operator
    sizes = seen[id(layer)]
    if not sizes:
        raise InvalidStudy(f"a regularized convolution must run in a forward pass, {name!r} does not: leave it away")
    if len(sizes) > 1:
        listed = " and ".join("x".join(map(str, inputs)) for inputs, _ in sizes)
        raise InvalidStudy(
            f"a regularized convolution must see inputs of one size, {name!r} sees {listed}: its spectral norm is that "
            "of its map on one of them; name others (regularized)"
        )
    if isinstance(operator, Computed):
        return Computed(layer, lambda kernel: LayerConvolution(layer, kernel).on(*sizes[0]))
    assert isinstance(operator, LayerConvolution)
    return operator.on(*sizes[0])
