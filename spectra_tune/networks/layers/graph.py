"""A graph convolutional network: every layer mixes a node's numbers with its neighbours'.

Axes: N node of the graph, F number of a node.
"""

from collections.abc import Callable
from itertools import pairwise
from math import prod

import torch
from torch import Tensor, nn

from spectra_tune.tasks.graphs import Graph


class GraphNetwork(nn.Module):
    """x (samples, 1): numbers of nodes; outputs (samples, outputs).

    features_NF is what the mixing makes of the nodes' numbers before the first layer: it is the same in every step.
    Source: Kipf & Welling 2017.
    """

    features_NF: Tensor
    mixing_NN: Tensor

    def __init__(self, graph: Graph, outputs: int, *, width: int, depth: int, residual: bool):
        super().__init__()
        rows, columns, values = (torch.from_numpy(one) for one in graph.normalised())
        nodes = len(graph.features)
        places = torch.stack((rows, columns))
        mixing = torch.sparse_coo_tensor(places, values.float(), (nodes, nodes), check_invariants=True).coalesce()
        self.register_buffer("mixing_NN", mixing, persistent=False)
        features = mixing @ torch.from_numpy(graph.features)
        self.register_buffer("features_NF", features, persistent=False)
        sizes = (features.shape[1], *[width] * depth)
        self.hidden = [f"layer_{number}" for number in range(1, depth + 1)]
        for name, (below, above) in zip(self.hidden, pairwise(sizes), strict=True):
            self.add_module(name, nn.Linear(below, above))
        self.last = nn.Linear(width, outputs)
        self.relu, self.residual = nn.ReLU(), residual

    def forward(self, x: Tensor) -> Tensor:
        first, *others = map(self.get_submodule, self.hidden)
        hidden = self.relu(first(self.features_NF))
        for layer in others:
            mixed = self.relu(layer(self._mixed(hidden)))
            hidden = hidden + mixed if self.residual else mixed
        return self.last(hidden[x[:, 0]])

    def _mixed(self, hidden_NH: Tensor) -> Tensor:
        """In float32 in any precision: a GPU has no sparse product in fewer bits."""
        with torch.autocast(hidden_NH.device.type, enabled=False):
            return self.mixing_NN @ hidden_NH.to(self.mixing_NN.dtype)

    def lipschitz_bound(self, of: Callable[[nn.Module], float]) -> float:
        """How much it stretches the numbers of all nodes at most, from its parts': the mixing has norm 1."""
        first, *others = (of(layer) for layer in map(self.get_submodule, self.hidden))
        return first * prod((1.0 if self.residual else 0.0) + one for one in others) * of(self.last)
