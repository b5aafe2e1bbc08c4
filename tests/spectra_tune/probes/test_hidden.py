"""Hidden layers as a module shows them."""

import pytest
import torch
from torch import nn

from spectra_tune.engine.members.generators import seeded
from spectra_tune.probes.hidden import with_hidden
from tests.laws.kinds import NETWORKS, task_of, x_of


@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)
def test_showing_hidden_layers_changes_no_bit_of_the_outputs(network):
    with seeded(0):
        module = network.build(task_of(network)).eval()
    x = x_of(task_of(network), 60)
    outputs, hidden = with_hidden(module, x)
    assert torch.equal(module(x), outputs)
    if isinstance(module, nn.Sequential):
        layers, below = [], x
        for child in module:
            below = child(below)
            layers += [below] if isinstance(child, (nn.ReLU, nn.Tanh)) else []
        assert len(layers) == len(hidden)
        assert all(torch.equal(one, other) for (_, one), other in zip(hidden, layers, strict=True))
