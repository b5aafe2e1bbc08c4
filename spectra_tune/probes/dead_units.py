"""Hidden units that are never active on the probe set, and units that always are, which are linear.

Axes: N probe point (and place, position or node), U unit.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from spectra_tune.probes.hidden import Hidden, hidden_layers, points_at_once, with_hidden
from spectra_tune.probes.probe_input import ProbeInput, ProbeResult, each_member, not_computed

LEAST_POINTS = 1000
"""A unit that is active in a small region only looks dead on fewer points."""

QUANTITIES = ("dead_units", "always_on_units")


def measure(probed: ProbeInput) -> dict[str, ProbeResult]:
    """`dead_units`, the share of hidden units > 0 at no probe point, and `always_on_units`, at all; also by layer.

    A unit of a convolution is a channel, at all places of the image; of a sequence it is a number, at all positions;
    of a graph at all nodes. A network without hidden layers to look at has a reason only for the two of all layers.
    """
    layers = hidden_layers(probed)
    if isinstance(layers, str):
        return dict.fromkeys(QUANTITIES, not_computed(probed.members, layers))
    of_layers = [f"{quantity}_{layer}" for quantity in QUANTITIES for layer in range(1, len(layers) + 1)]
    quantities = (*QUANTITIES, *of_layers)
    reason = _not_meaningful(probed, layers)
    if reason is not None:
        return dict.fromkeys(quantities, not_computed(probed.members, reason))
    x = probed.points

    def shares(member: int) -> dict[str, float]:
        never_U, always_U = ([torch.ones((), dtype=torch.bool)] * len(layers) for _ in range(2))
        for some in x.split(points_at_once(layers)):
            with torch.no_grad():
                _, hidden = with_hidden(probed.member(member), some)
            if not all(bool(one.output.isfinite().all()) for one in hidden):
                return dict.fromkeys(quantities, float("nan"))
            active_NU = [one.units() > 0 for one in hidden]
            never_U = [never & ~a.any(dim=0) for never, a in zip(never_U, active_NU, strict=True)]
            always_U = [always & a.all(dim=0) for always, a in zip(always_U, active_NU, strict=True)]
        values = [_share(*never_U), _share(*always_U), *map(_share, never_U), *map(_share, always_U)]
        return dict(zip(quantities, values, strict=True))

    return each_member(probed, quantities, shares)


def _share(*flags_U: Tensor) -> float:
    return sum(int(flags.sum()) for flags in flags_U) / sum(len(flags) for flags in flags_U)


def _not_meaningful(probed: ProbeInput, layers: Sequence[Hidden]) -> str | None:
    other = [type(one.module).__name__ for one in layers if not isinstance(one.module, nn.ReLU)]
    if other:
        return f"units of {other[0].lower()} are not silent below 0: only those of relu can be dead"
    if len(probed.x) < LEAST_POINTS:
        return f"a dead unit is one that is silent on {LEAST_POINTS} or more points, got {len(probed.x)}"
    return None
