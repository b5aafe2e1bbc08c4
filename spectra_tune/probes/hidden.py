"""Hidden layers of a network, as far as it shows them: see the optional part of a network's contract."""

import torch

from spectra_tune.probes.probe_input import ProbeInput, said_by_torch

SHOWS_NONE = "the network does not show its hidden layers: give it with_hidden(parameters, x)"
HAS_NONE = "the network has no hidden layers"


def hidden_layers(probed: ProbeInput) -> int | str:
    """How many hidden layers there are, >= 1, or the reason why they cannot be looked at."""
    if not hasattr(probed.network, "with_hidden"):
        return SHOWS_NONE
    first = {name: value[0].detach() for name, value in probed.parameters.items()}
    try:
        with torch.no_grad():
            _, hidden = probed.network.with_hidden(first, probed.x_NF[:1].to(next(iter(first.values())).dtype))
    except RuntimeError as error:
        return said_by_torch(error)
    return len(hidden) or HAS_NONE
