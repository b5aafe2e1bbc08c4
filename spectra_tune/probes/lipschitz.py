"""Bounds on the Lipschitz constant of the outputs, in the Euclidean norm of inputs and outputs."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from spectra_tune.probes.jacobians import TOKENS, jacobian_norms
from spectra_tune.probes.probe_input import ProbeInput, ProbeResult, each_member, not_computed

QUANTITIES = ("lipschitz_lower", "lipschitz_upper", "lipschitz_ratio")

ROUNDING = 1e-9
"""The upper bound is rounded up by this share, more than its products lose, so that it stays one."""

SLOPE_AT_MOST_1 = (nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.ELU, nn.Tanh, nn.Sigmoid, nn.Softplus, nn.Hardtanh)

NOT_IN_SERIES = (
    "a bound needs a torch.nn.Sequential of Linear modules with nothing but activations of slope <= 1 between them"
)

FLAT = "the outputs do not change with the input at any probe point"


def measure(probed: ProbeInput) -> dict[str, ProbeResult]:
    """`lipschitz_lower`, `lipschitz_upper` and `lipschitz_ratio`, upper over lower, >= 1.

    lower: the largest spectral norm of the derivative on the probe set. upper: product of the spectral norms of all
    weights, which holds for a torch.nn.Sequential of Linear modules and activations of slope <= 1. The ratio is 1 where
    all layers stretch one direction most.
    """
    if not probed.x.is_floating_point():
        return dict.fromkeys(QUANTITIES, not_computed(probed.members, TOKENS))
    in_series = _weights_in_series(probed.module)

    def bounds(member: int) -> dict[str, float | str]:
        lower = float(jacobian_norms(probed, member)[0].max())
        if in_series is None:
            return dict(zip(QUANTITIES, (lower, NOT_IN_SERIES, NOT_IN_SERIES), strict=True))
        parameters = probed.parameters(member)
        upper = _product_of_norms([parameters[name] for name in in_series])
        ratio = FLAT if lower == 0 else upper / lower
        return dict(zip(QUANTITIES, (lower, upper, ratio), strict=True))

    return each_member(probed, QUANTITIES, bounds)


def _product_of_norms(weights_OI: Sequence[Tensor]) -> float:
    return math.prod(float(torch.linalg.svdvals(weight_OI)[0]) for weight_OI in weights_OI) * (1 + ROUNDING)


def _weights_in_series(module: nn.Module) -> list[str] | None:
    """Names of the weights that follow each other from the input to the outputs; None where there is more to it."""
    if not isinstance(module, nn.Sequential) or type(module).forward is not nn.Sequential.forward:
        return None
    known = {id(value): name for name, value in module.named_parameters()}
    names = []
    for child in module:
        if isinstance(child, nn.Linear) and id(child.weight) in known:
            names.append(known[id(child.weight)])
        elif not isinstance(child, (nn.Flatten, nn.Identity)) and not _is_slow(child):
            return None
    return names or None


def _is_slow(child: nn.Module) -> bool:
    """Whether a module is an activation whose slope is nowhere above 1."""
    factor = getattr(child, "negative_slope", getattr(child, "alpha", 1.0))
    return isinstance(child, SLOPE_AT_MOST_1) and abs(factor) <= 1
