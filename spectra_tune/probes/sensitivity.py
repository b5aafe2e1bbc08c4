"""How far the outputs move with the input: norms of their derivative at each probe point."""

import numpy

from spectra_tune.probes.jacobians import TOKENS, jacobian_norms
from spectra_tune.probes.probe_input import ProbeInput, ProbeResult, each_member, not_computed

SUMMARIES = ("median", "p95", "max")


def measure(probed: ProbeInput) -> dict[str, ProbeResult]:
    """`sensitivity_spectral_…` and `sensitivity_frobenius_…`: median, p95 and max over the probe set.

    Of images and the like over the first few hundred points: see jacobians.py. In outputs per unit of input. Where
    outputs do not depend on the input the norms are 0, which is their true value.
    """
    quantities = [f"sensitivity_{norm}_{summary}" for norm in ("spectral", "frobenius") for summary in SUMMARIES]
    if not probed.x.is_floating_point():
        return dict.fromkeys(quantities, not_computed(probed.members, TOKENS))

    def norms(member: int) -> dict[str, float]:
        values = [value for norm_N in jacobian_norms(probed, member) for value in _summaries(norm_N.cpu().numpy())]
        return dict(zip(quantities, values, strict=True))

    return each_member(probed, quantities, norms)


def _summaries(norm_N: numpy.ndarray) -> list[float]:
    if not numpy.isfinite(norm_N).all():
        return [numpy.nan] * len(SUMMARIES)
    return [float(value) for value in numpy.quantile(norm_N, (0.5, 0.95, 1.0))]
