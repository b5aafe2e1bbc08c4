"""Probes, declared: what is measured on trained networks; one file beside this one for each.

A probe's file has `measure(probed) -> {quantity: ProbeResult}`, for all members at once. A layer's quantity ends with
its number from the input: `stable_rank_1`. What cannot be computed is NaN with a reason, never 0.

No probe combines others into a score of criticality. A score that contains |sigma - 1| and is then compared with sigma
agrees with it by construction, and the weights of the other quantities in it would be ours, not the networks'. What
criticality means for a network of relus, gradients that neither vanish nor explode, is `gradient_flow_slope` = 0: it is
measured without any sigma and may be compared with it.
"""

from collections.abc import Callable
from importlib import import_module
from typing import Any

PROBES = {
    "dead_units": "share of hidden units that are never, or always, active on the probe set",
    "sensitivity": "norms of the logits' derivative by the input: median, 95th percentile and maximum of the probe set",
    "singular_values": "spectral and Frobenius norm, stable and effective rank of each regularized weight",
    "gradient_flow": "size of the loss's gradient at each hidden layer against that at the last one",
    "lipschitz": "bounds from below and above on the Lipschitz constant of the logits",
    "attention_entropy": "entropy of what each position of an attention layer takes of the others",
    "distance_from_init": "how far the parameters are from where they started, relative to their initial norm",
    "boundary": "dimension and length of the decision boundary of a network of the plane",
}
"""One line on what each probe measures; a probe's name is that of its file."""


def implement(name: str) -> Callable[[Any], dict[str, Any]]:
    """The probe's function, `measure(probed) -> {quantity: ProbeResult}`."""
    return import_module(f"{__name__}.{name}").measure
