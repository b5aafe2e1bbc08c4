"""Bounds on the Lipschitz constant of the outputs, in the Euclidean norm of inputs and outputs."""

from spectra_tune.probes.jacobians import TOKENS, jacobian_norms
from spectra_tune.probes.probe_input import ProbeInput, ProbeResult, each_member
from spectra_tune.probes.upper_bound import upper_bound

QUANTITIES = ("lipschitz_lower", "lipschitz_upper", "lipschitz_ratio")

FLAT = "the outputs do not change with the input at any probe point"


def measure(probed: ProbeInput) -> dict[str, ProbeResult]:
    """`lipschitz_lower`, `lipschitz_upper` and `lipschitz_ratio`, upper over lower, >= 1.

    lower: the largest spectral norm of the derivative on the probe set (see jacobians.py). upper: product of the
    spectral norms of what stands in series (see upper_bound.py), of convolutions as maps of images of the size that
    they see, which has a reason where a bound is not known: attention, norms over a sample. Of a graph network it is by
    the numbers of all nodes. The ratio is 1 where all layers stretch one direction most.
    """

    def bounds(member: int) -> dict[str, float | str]:
        lower = float(jacobian_norms(probed, member)[0].max()) if probed.x.is_floating_point() else TOKENS
        upper = upper_bound(probed.member(member), probed.points[:1])
        return dict(zip(QUANTITIES, (lower, upper, _ratio(lower, upper)), strict=True))

    return each_member(probed, QUANTITIES, bounds)


def _ratio(lower: float | str, upper: float | str) -> float | str:
    if isinstance(lower, str) or isinstance(upper, str):
        return lower if isinstance(lower, str) else upper
    return FLAT if lower == 0 else upper / lower
