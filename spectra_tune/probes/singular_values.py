"""Singular values of the regularized weights, as the linear maps that they are: norms, and how many directions one has.

Axes: K the smaller side of a map.
"""

import numpy

from spectra_tune.operators.spectrum import Spectrum, spectrum
from spectra_tune.probes.probe_input import ProbeInput, ProbeResult, each_member

QUANTITIES = ("spectral_norm", "frobenius_norm", "stable_rank", "effective_rank")

MOST = 2048
"""Numbers of a convolution's smaller side up to which all its singular values are found: a second at the most."""

TOO_LARGE = (
    f"all singular values of a convolution are found up to {MOST} numbers of its smaller side, this one has more: its "
    "stable rank is one without them"
)

FOLLOWED = "of an operator of one's own only the spectral norm is known, which it is followed by"

NO_DIRECTION = "the weight is zero: it has no direction"


def measure(probed: ProbeInput) -> dict[str, ProbeResult]:
    """`spectral_norm_l`, `frobenius_norm_l`, `stable_rank_l` and `effective_rank_l` of each regularized weight l.

    Each of the map that it is: of a convolution that of images of the size that it sees, of an attention head W_q W_k^T
    or W_o W_v, of a gate its rows. stable rank: (Frobenius / spectral norm)^2. effective rank: exp of the entropy of
    the singular values' shares, in directions; Roy and Vetterli 2007. Both are 1 for rank one, n for n equal values; a
    zero weight has neither. A convolution of more than MOST numbers has no effective rank, and its spectral norm a
    relative error of up to 1e-3.
    """
    quantities = [f"{quantity}_{layer}" for layer in probed.layers for quantity in QUANTITIES]

    def sizes(member: int) -> dict[str, float | str]:
        found = [_sizes(spectrum(operator, MOST)) for operator in probed.operators(member).values()]
        return dict(zip(quantities, [value for one in found for value in one], strict=True))

    return each_member(probed, quantities, sizes)


def _sizes(of: Spectrum) -> tuple[float | str, ...]:
    """A map's numbers in the order of QUANTITIES."""
    if of.norm == 0:
        return 0.0, 0.0, NO_DIRECTION, NO_DIRECTION
    if of.frobenius is None:
        return of.norm, FOLLOWED, FOLLOWED, FOLLOWED
    if of.value_K is None:
        return of.norm, of.frobenius, (of.frobenius / of.norm) ** 2, TOO_LARGE
    relative_K = (of.value_K / of.norm).cpu().numpy()
    energy = float(numpy.square(relative_K).sum())
    share_K = relative_K[relative_K > 0] / relative_K.sum()
    effective = float(numpy.exp(-(share_K * numpy.log(share_K)).sum()))
    return of.norm, of.norm * energy**0.5, energy, effective
