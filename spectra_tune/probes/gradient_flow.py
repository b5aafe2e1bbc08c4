"""What is left of the loss's gradient at each hidden layer on its way from the last one.

Axes: N probe point, O output, U unit.
"""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy
import torch
from torch import Tensor
from torch.nn import Module

from spectra_tune import objectives
from spectra_tune.probes.hidden import hidden_layers, points_at_once, with_hidden
from spectra_tune.probes.probe_input import ProbeInput, ProbeResult, each_member, not_computed

SLOPE = "gradient_flow_slope"

LEAST_LAYERS = 2

NO_GRADIENT = "the loss's gradient is exactly zero at the last hidden layer on every probe point"

NOT_CONNECTED = "the outputs must be computed from each hidden layer that the network shows, and these from the input"


def measure(probed: ProbeInput) -> dict[str, ProbeResult]:
    """`gradient_flow_l` of each hidden layer l before the last one, and `gradient_flow_slope`.

    gradient_flow_l: norm of each point's derivative of its loss by the activations of layer l, root of the mean square
    over the probe set, over the same at the last hidden layer. 0 where the gradient does not reach the layer at all.
    slope: of its natural logarithm over l, least squares; > 0 where gradients shrink on their way to the input. With
    relus and independent weights of gain g its square changes by 1 / (g^2 / 2) from layer to layer. A layer's
    activations are all its numbers: channels at places, units at positions, of a graph at all nodes. Where these are
    many it is over the first points alone: see points_at_once.
    Source: Schoenholz et al. 2017, arXiv 1611.01232.
    """
    layers = hidden_layers(probed)
    if isinstance(layers, str):
        return {SLOPE: not_computed(probed.members, layers)}
    if len(layers) < LEAST_LAYERS:
        return {SLOPE: not_computed(probed.members, f"a flow needs {LEAST_LAYERS} hidden layers, the network has one")}
    quantities = [*(f"gradient_flow_{layer}" for layer in range(1, len(layers))), SLOPE]

    def flow(member: int) -> dict[str, float | str]:
        sizes = _gradient_sizes(probed, member, points_at_once(layers))
        if isinstance(sizes, str):
            return dict.fromkeys(quantities, sizes)
        if sizes[-1] == 0:
            return dict.fromkeys(quantities, NO_GRADIENT)
        ratios = [size / sizes[-1] for size in sizes]
        return dict(zip(quantities, [*ratios[:-1], _slope(ratios)], strict=True))

    return each_member(probed, quantities, flow)


def _gradient_sizes(probed: ProbeInput, member: int, most: int) -> list[float] | str:
    """Norm over at most so many points of the gradients at each hidden layer, or the reason why there is none."""
    loss, points, target = objectives.implement(probed.objective).loss, probed.points[:most], probed.target[:most]
    module = probed.member(member)
    with _derivatives_from(points, module) as x:
        outputs, hidden = with_hidden(module, x)
        shown = [one.output for one in hidden]
        if not all(one.requires_grad for one in shown):
            return NOT_CONNECTED
        gradients = torch.autograd.grad(loss(outputs, target) * len(points), shown, allow_unused=True)
    sizes = [_norm(one.flatten(1)) for one in gradients if one is not None]
    return sizes if len(sizes) == len(shown) else NOT_CONNECTED


@contextmanager
def _derivatives_from(x: Tensor, module: Module) -> Iterator[Tensor]:
    """Within, what a module makes of x has derivatives: by x, or where x are tokens, by the parameters."""
    tokens = not x.is_floating_point()
    module.requires_grad_(tokens)
    try:
        with torch.enable_grad():
            yield x if tokens else x.requires_grad_()
    finally:
        module.requires_grad_(False)


def _norm(gradient_NU: Tensor) -> float:
    """Over all points and units; the largest number is first scaled to 1, so that no square vanishes or overflows."""
    largest = float(gradient_NU.abs().max())
    if largest == 0 or not math.isfinite(largest):
        return largest
    return largest * float((gradient_NU / largest).norm())


def _slope(ratios: Sequence[float]) -> float | str:
    """Least-squares slope of the logarithm over the layer's number."""
    if 0 in ratios:
        return f"no gradient at all reaches hidden layer {ratios.index(0) + 1}: its logarithm does not exist"
    logarithms, layers = numpy.log(ratios), numpy.arange(len(ratios))
    centred = layers - layers.mean()
    return float((centred * logarithms).sum() / (centred * centred).sum())
