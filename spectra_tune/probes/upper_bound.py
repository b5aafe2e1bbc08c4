"""How much a module stretches at most, from how much its parts do."""

from math import prod

import torch
from torch import Tensor, nn
from torch.nn import Module
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.conv import _ConvNd

from spectra_tune.operators.of_layer import LayerConvolution
from spectra_tune.operators.spectrum import NORM_ERROR, spectrum
from spectra_tune.probes.jacobians import TOKENS

MOST = 1024
"""Numbers of a convolution's smaller side up to which its norm is exact, in a fifth of a second."""

ROUNDING = 1e-9
"""The bound is rounded up by this share, more than its products lose, so that it stays one."""

ISOMETRIES = (nn.Flatten, nn.Unflatten, nn.Identity, nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d)
"""In evaluation mode."""

CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)

SLOPE_AT_MOST_1 = (nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.ELU, nn.Tanh, nn.Sigmoid, nn.Softplus, nn.Hardtanh)

MAXIMA = (nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d)

MEANS = (nn.AdaptiveAvgPool1d, nn.AdaptiveAvgPool2d, nn.AdaptiveAvgPool3d)

WITHOUT_BOUND: dict[type[Module] | tuple[type[Module], ...], str] = {
    nn.Embedding: TOKENS,
    nn.MultiheadAttention: "attention by dot products has no bound",
    (nn.LayerNorm, nn.GroupNorm): "a norm over a sample's own numbers has no bound but 1 / sqrt(eps)",
    nn.RNNBase: "that of a recurrent layer grows with the length, by more than its weights",
}

KNOWN = (
    "parts in series (torch.nn.Sequential) of Linear, convolutions, BatchNorm, pools that do not overlap and "
    "activations of slope <= 1, and modules that have lipschitz_bound(of)"
)


class _NoBound(Exception):
    """Says why there is none."""


def upper_bound(module: Module, x: Tensor) -> float | str:
    """A bound on the Lipschitz constant of a module in evaluation mode, on inputs of x's shape, or why there is none.

    The product of its parts' in series. A module of another forward pass may say its own, of those of its parts:
    `lipschitz_bound(of)`, where of(part) is that of a part.
    """
    seen = _sizes(module, x)

    def of(part: Module) -> float:
        own = getattr(type(part), "lipschitz_bound", None)
        if own is not None:
            return own(part, of)
        if isinstance(part, nn.Sequential) and _is(part, (nn.Sequential,)):
            return prod(of(one) for one in part)
        if part not in seen:
            raise _NoBound(f"{type(part).__name__}, which its bound is made of, does not run on a probe point")
        return max(_of_layer(part, *sizes) for sizes in seen[part])

    try:
        return of(module) * (1 + ROUNDING)
    except _NoBound as reason:
        return str(reason)


Size = tuple[int, ...]


def _sizes(module: Module, x: Tensor) -> dict[Module, set[tuple[Size, Size]]]:
    """What goes into every module and comes out of it, axes of one sample, as far as these are tensors."""
    found: dict[Module, set[tuple[Size, Size]]] = {}

    def see(part: Module, given: tuple[object, ...], output: object) -> None:
        shapes = [tuple(one.shape[1:]) if isinstance(one, Tensor) else () for one in (*given[:1], output)]
        found.setdefault(part, set()).add((shapes[0], shapes[-1]))

    handles = [one.register_forward_hook(see) for one in module.modules()]
    try:
        with torch.no_grad():
            module(x)
    finally:
        for handle in handles:
            handle.remove()
    return found


def _of_layer(layer: Module, inputs: Size, outputs: Size) -> float:
    """Of a layer of torch.nn's on inputs of one size."""
    if _is(layer, ISOMETRIES) or _is_slow(layer) or _is_disjoint(layer):
        return 1.0
    if isinstance(layer, nn.Linear) and _is(layer, (nn.Linear,)):
        return float(torch.linalg.svdvals(layer.weight.detach())[0])
    if isinstance(layer, _ConvNd) and _is(layer, CONVOLUTIONS):
        axes = layer.weight.ndim - 2
        found = spectrum(LayerConvolution(layer, layer.weight.detach()).on(inputs[-axes:], outputs[-axes:]), MOST)
        return found.norm * (1 if found.value_K is not None else 1 + NORM_ERROR)
    if isinstance(layer, _BatchNorm) and layer.running_var is not None:
        factor_C = 1 / (layer.running_var + layer.eps).sqrt()
        return float((factor_C if layer.weight is None else factor_C * layer.weight.detach().abs()).max())
    if isinstance(layer, MEANS) and prod(outputs[1:]) == 1:
        return prod(inputs[1:]) ** -0.5
    raise _NoBound(_reason(layer))


def _is(layer: Module, kinds: tuple[type[Module], ...]) -> bool:
    """Whether a layer is of one of the kinds, or inherits its forward pass."""
    return any(isinstance(layer, kind) and type(layer).forward is kind.forward for kind in kinds)


def _is_slow(layer: Module) -> bool:
    """Whether a layer is an activation whose slope is nowhere above 1."""
    factor = getattr(layer, "negative_slope", getattr(layer, "alpha", 1.0))
    return _is(layer, SLOPE_AT_MOST_1) and abs(factor) <= 1


def _is_disjoint(layer: Module) -> bool:
    """Whether a layer takes maxima of places that do not overlap, side by side."""
    if not _is(layer, MAXIMA):
        return False
    size, stride, dilation = (_all_of(getattr(layer, name)) for name in ("kernel_size", "stride", "dilation"))
    return max(size) <= min(stride) and max(dilation) == 1


def _all_of(value: int | Size) -> Size:
    return (value,) if isinstance(value, int) else tuple(value)


def _reason(layer: Module) -> str:
    for part in layer.modules():
        for kinds, reason in WITHOUT_BOUND.items():
            if isinstance(part, kinds):
                return reason
        if hasattr(part, "attention_weights"):
            return WITHOUT_BOUND[nn.MultiheadAttention]
    return f"no bound is known of {type(layer).__name__}: those of {KNOWN}"
