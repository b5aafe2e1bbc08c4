"""How widely attention looks: the entropy of what each position takes of the others.

Axes: N sample, S head, T position, U position that is looked at.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from inspect import signature
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import Module

from spectra_tune.probes.probe_input import ProbeInput, ProbeResult, each_member, not_computed, said_by_torch

QUANTITY = "attention_entropy"

FORWARD = signature(nn.MultiheadAttention.forward)

MOST_CELLS = 2**22
"""Weights that are held at a time: 32 MiB."""

SHOWS_NONE = (
    "the network shows no attention: torch.nn.MultiheadAttention is seen, and modules that have attention_weights(x), "
    "calls of scaled_dot_product_attention are not"
)

ONE_POSITION = "no position may look at more than one"


def measure(probed: ProbeInput) -> dict[str, ProbeResult]:
    """`attention_entropy_<layer>` and `attention_entropy_<layer>.<head>`, in nats; `attention_entropy_share_<layer>`.

    Mean over positions and the probe set, of a layer over its heads too; `attention_entropy` is the mean over layers.
    0 is a look at one position; even looks at T have log T, and where none sees those behind it the mean of log t. The
    share is that of such even looks at all positions that a position gives any weight to at some probe point.
    A layer is a torch.nn.MultiheadAttention, or a module that has attention_weights(x) -> (samples, heads, positions,
    positions); calls of one and the same count together.
    Source: Zhai et al. 2023, arXiv 2303.06296: entropy collapses where the spectral norm of W_q W_k^T grows.
    """
    layers = _layers(probed)
    if isinstance(layers, str):
        return {QUANTITY: not_computed(probed.members, layers)}
    quantities = [QUANTITY]
    for layer, weights_NSTU in layers.items():
        heads = range(1, weights_NSTU.shape[1] + 1)
        quantities += [f"{QUANTITY}_{layer}", f"{QUANTITY}_share_{layer}", *(f"{QUANTITY}_{layer}.{h}" for h in heads)]
    points_at_a_time = max(1, MOST_CELLS // max(weights_NSTU.numel() for weights_NSTU in layers.values()))

    def entropies(member: int) -> dict[str, float | str]:
        found = {layer: _Looks() for layer in layers}
        with torch.no_grad(), _watched(probed.member(member), lambda layer, weights: found[layer].see(weights)):
            for some in probed.points.split(points_at_a_time):
                probed.member(member)(some)
        of_layers = [float(one.entropy_S.mean()) for one in found.values()]
        values: list[float | str] = [sum(of_layers) / len(of_layers)]
        for entropy, one in zip(of_layers, found.values(), strict=True):
            values += [entropy, one.share, *one.entropy_S.tolist()]
        return dict(zip(quantities, values, strict=True))

    return each_member(probed, quantities, entropies)


class _Looks:
    """What a layer's weights, seen in parts, come to."""

    def __init__(self):
        self._sum_S, self._rows, self._seen_TU = torch.zeros(()), 0, torch.zeros((), dtype=torch.bool)

    def see(self, weights_NSTU: Tensor) -> None:
        self._sum_S = self._sum_S + torch.special.entr(weights_NSTU).sum(dim=(0, 2, 3))
        self._rows += weights_NSTU.shape[0] * weights_NSTU.shape[2]
        self._seen_TU = self._seen_TU | (weights_NSTU > 0).any(dim=1).any(dim=0)

    @property
    def entropy_S(self) -> Tensor:
        return self._sum_S / self._rows

    @property
    def share(self) -> float | str:
        even = float(self._seen_TU.sum(dim=1).double().log().mean())
        return float(self.entropy_S.mean()) / even if even > 0 else ONE_POSITION


def _layers(probed: ProbeInput) -> dict[str, Tensor] | str:
    """Of each attention layer, in the order of computation, a probe point's weights (1, heads, positions, positions).

    Or the reason why there are none.
    """
    found: dict[str, Tensor] = {}
    try:
        with torch.no_grad(), _watched(probed.member(0), found.__setitem__):
            probed.member(0)(probed.points[:1])
    except RuntimeError as error:
        return said_by_torch(error)
    return found or SHOWS_NONE


@contextmanager
def _watched(module: Module, see: Callable[[str, Tensor], None]) -> Iterator[None]:
    """Within, every call of an attention layer has its weights seen, under the layer's name."""

    def watch(name: str, weights_of: Callable[..., Tensor]) -> Callable[..., None]:
        return lambda layer, given, named: see(name, weights_of(layer, *given, **named))

    handles = [
        layer.register_forward_pre_hook(watch(name or type(layer).__name__, weights_of), with_kwargs=True)
        for name, layer in module.named_modules()
        if (weights_of := _weights_of(type(layer))) is not None
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _weights_of(kind: type[Module]) -> Callable[..., Tensor] | None:
    """What gives a kind of layer's weights for what it is called with; None of one that is no attention."""
    if issubclass(kind, nn.MultiheadAttention) and kind.forward is nn.MultiheadAttention.forward:
        return _of_torch
    return getattr(kind, "attention_weights", None)


def _of_torch(*given: Any, **named: Any) -> Tensor:
    bound = FORWARD.bind(*given, **named)
    bound.arguments |= {"need_weights": True, "average_attn_weights": False}
    weights = nn.MultiheadAttention.forward(*bound.args, **bound.kwargs)[1]
    assert weights is not None
    return weights if weights.ndim == 4 else weights.unsqueeze(0)
