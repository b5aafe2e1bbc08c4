"""How far training has moved the parameters, relative to the norm that they started with."""

from collections.abc import Sequence

import torch
from torch import Tensor

from spectra_tune.operators.part import Part
from spectra_tune.operators.spectrum import parts_of
from spectra_tune.probes.probe_input import ProbeInput, ProbeResult, each_member

STARTED_AT_ZERO = "what started at zero has no norm that its distance could be relative to"


def measure(probed: ProbeInput) -> dict[str, ProbeResult]:
    """`distance_from_init_l` of each regularized weight l, and `distance_from_init` of all parameters together.

    Norm of the change over the norm at the start, both Frobenius, of the numbers that a layer is made of: of a gate its
    rows, of a head its queries and keys (or outputs and values), of a convolution its kernel, of a weight that is
    computed what it is computed from. 0 is what has not moved.
    """
    parameters = dict(probed.member(0).named_parameters())
    names = {id(value): name for name, value in parameters.items()}
    parts = {
        f"distance_from_init_{layer}": [(names[id(part.weight)], part) for part in parts_of(operator)]
        for layer, operator in probed.unsized().items()
    }
    parts["distance_from_init"] = [(name, Part(value)) for name, value in parameters.items()]

    def distances(member: int) -> dict[str, float | str]:
        now, start = probed.parameters(member), probed.start(member)
        return {
            quantity: _distance(
                [_within(now[name], part) for name, part in of], [_within(start[name], part) for name, part in of]
            )
            for quantity, of in parts.items()
        }

    return each_member(probed, list(parts), distances)


def _within(value: Tensor, part: Part) -> Tensor:
    """A part of a parameter; all of one that is no matrix."""
    return value if value.ndim != 2 else part.of(value.unsqueeze(0))[0]


def _distance(now: Sequence[Tensor], start: Sequence[Tensor]) -> float | str:
    at_start = _norm(start)
    if at_start == 0:
        return STARTED_AT_ZERO
    return _norm([one - other for one, other in zip(now, start, strict=True)]) / at_start


def _norm(tensors: Sequence[Tensor]) -> float:
    return float(torch.stack([tensor.norm() for tensor in tensors]).norm())
