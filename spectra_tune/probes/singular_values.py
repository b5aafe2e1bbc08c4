"""Singular values of the regularized weights: norms, and how many directions a weight has.

Axes: M member, O out, I in, K the smaller of the two.
"""

import numpy
import torch
from torch import Tensor

from spectra_tune.probes.probe_input import ProbeInput, ProbeResult, each_member

QUANTITIES = ("spectral_norm", "frobenius_norm", "stable_rank", "effective_rank")

NO_MATRIX = "what is regularized is a convolution, or a gate or a head within its weight: sigma is its spectral norm"

NO_DIRECTION = "the weight is zero: it has no direction"


def measure(probed: ProbeInput) -> dict[str, ProbeResult]:
    """`spectral_norm_l`, `frobenius_norm_l`, `stable_rank_l` and `effective_rank_l` of each regularized weight l.

    stable rank: (Frobenius / spectral norm)^2. effective rank: exp of the entropy of the singular values' shares, in
    directions; Roy and Vetterli 2007. Both are 1 for rank one, n for n equal values; a zero weight has neither.
    """
    names = probed.regularized
    quantities = [f"{quantity}_{layer}" for layer in probed.layers for quantity in QUANTITIES]

    def ranks(member: int) -> dict[str, float | str]:
        parameters = probed.parameters(member)
        values: list[float | str] = []
        for layer, name in enumerate(names, start=1):
            if layer in probed.matrices:
                values += _sizes(singular_values(parameters[name]).cpu().numpy())
            else:
                values += [NO_MATRIX] * len(QUANTITIES)
        return dict(zip(quantities, values, strict=True))

    return each_member(probed, quantities, ranks)


def singular_values(weight_OI: Tensor) -> Tensor:
    """Singular values (K,) of one finite weight in float64, the largest first; small ones too are accurate to eps."""
    return torch.linalg.svdvals(weight_OI.to(torch.float64))


def _sizes(value_K: numpy.ndarray) -> tuple[float | str, ...]:
    """A weight's numbers in the order of QUANTITIES."""
    top = value_K[0]
    if top == 0:
        return 0.0, 0.0, NO_DIRECTION, NO_DIRECTION
    relative_K = value_K / top
    energy = float(numpy.square(relative_K).sum())
    share_K = relative_K[relative_K > 0] / relative_K.sum()
    effective = float(numpy.exp(-(share_K * numpy.log(share_K)).sum()))
    return float(top), float(top) * energy**0.5, energy, effective
