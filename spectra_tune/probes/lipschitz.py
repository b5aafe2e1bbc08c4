"""Bounds on the Lipschitz constant of the logits, in the Euclidean norm of inputs and logits."""

import math
from collections.abc import Sequence

from torch import Tensor

from spectra_tune.probes.jacobians import jacobian_norms
from spectra_tune.probes.probe_input import ProbeInput, ProbeResult, each_member
from spectra_tune.probes.singular_values import singular_values

QUANTITIES = ("lipschitz_lower", "lipschitz_upper", "lipschitz_ratio")

ROUNDING = 1e-9
"""The upper bound is rounded up by this share, more than its products lose, so that it stays one."""

NOT_IN_SERIES = (
    "the network does not say that its weights follow each other with nothing but biases and activations of slope <= 1 "
    "between them: give it in_series, their names from the input to the logits"
)

FLAT = "the logits do not change with the input at any probe point"


def measure(probed: ProbeInput) -> dict[str, ProbeResult]:
    """`lipschitz_lower`, `lipschitz_upper` and `lipschitz_ratio`, upper over lower, >= 1.

    lower: the largest spectral norm of the derivative on the probe set. upper: product of the spectral norms of all
    weights, which holds for a network with `in_series`. The ratio is 1 where all layers stretch one direction most.
    """
    in_series, reason = tuple(getattr(probed.network, "in_series", ())), _no_upper_bound(probed)

    def bounds(member: int) -> dict[str, float | str]:
        lower = float(jacobian_norms(probed, member)[0].max())
        parameters = probed.member(member)
        upper = reason or _product_of_norms([parameters[name] for name in in_series])
        if isinstance(upper, str):
            ratio: float | str = upper
        else:
            ratio = FLAT if lower == 0 else upper / lower
        return dict(zip(QUANTITIES, (lower, upper, ratio), strict=True))

    return each_member(probed, QUANTITIES, bounds)


def _product_of_norms(weights_OI: Sequence[Tensor]) -> float:
    return math.prod(float(singular_values(weight_OI)[0]) for weight_OI in weights_OI) * (1 + ROUNDING)


def _no_upper_bound(probed: ProbeInput) -> str | None:
    names = getattr(probed.network, "in_series", ())
    if not names:
        return NOT_IN_SERIES
    for name in names:
        if name not in probed.parameters or probed.parameters[name].ndim != 3:
            return f"in_series must name weights (out, in), {name!r} is not one of the network's"
    return None
