"""How far training has moved the parameters, relative to the norm that they started with."""

from collections.abc import Sequence

import torch
from torch import Tensor

from spectra_tune.probes.probe_input import ProbeInput, ProbeResult, each_member

STARTED_AT_ZERO = "what started at zero has no norm that its distance could be relative to"


def measure(probed: ProbeInput) -> dict[str, ProbeResult]:
    """`distance_from_init_l` of each regularized weight l, and `distance_from_init` of all parameters together.

    Norm of the change over the norm at the start, both Frobenius. 0 is what has not moved.
    """
    weights = zip(probed.layers, probed.regularized, strict=True)
    names = {f"distance_from_init_{layer}": [name] for layer, name in weights}
    names["distance_from_init"] = list(probed.start(0))

    def distances(member: int) -> dict[str, float | str]:
        now, start = probed.parameters(member), probed.start(member)
        return {
            quantity: _distance([now[name] for name in of], [start[name] for name in of])
            for quantity, of in names.items()
        }

    return each_member(probed, list(names), distances)


def _distance(now: Sequence[Tensor], start: Sequence[Tensor]) -> float | str:
    at_start = _norm(start)
    if at_start == 0:
        return STARTED_AT_ZERO
    return _norm([one - other for one, other in zip(now, start, strict=True)]) / at_start


def _norm(tensors: Sequence[Tensor]) -> float:
    return float(torch.stack([tensor.norm() for tensor in tensors]).norm())
