"""Graph convolutional networks, declared."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from spectra_tune.called import called
from spectra_tune.errors import InvalidStudy, at_least_one, true_or_false
from spectra_tune.objectives import objective_of

if TYPE_CHECKING:
    from torch.nn import Module

    from spectra_tune.operators import Operator


def gcn(*, width: int, depth: int = 2, residual: bool = False) -> "GraphConvolutional":
    """`depth` hidden layers of `width` units, each of the mean over a node and its neighbours, then a last layer.

    A residual layer adds what it makes to what goes in, the first one aside. Regularized: every hidden layer.
    Source: Kipf & Welling 2017, whose normalisation, D^-1/2 (A + I) D^-1/2, has norm 1.
    """
    return GraphConvolutional(width=width, depth=depth, residual=residual)


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphConvolutional:
    """See `gcn`; the graph and the outputs are the task's."""

    width: int
    depth: int  # hidden layers
    residual: bool

    def __post_init__(self):
        for name in ("width", "depth"):
            object.__setattr__(self, name, at_least_one(getattr(self, name), name))
        object.__setattr__(self, "residual", true_or_false(self.residual, "residual"))

    def build(self, task: Any) -> "Module":
        from spectra_tune.networks.layers.graph import GraphNetwork

        graph = getattr(task, "graph", None)
        if graph is None:
            raise InvalidStudy(f"a graph network needs a task with a graph, {called(task)} has none")
        outputs = objective_of(task).outputs(task)
        return GraphNetwork(graph, outputs, width=self.width, depth=self.depth, residual=self.residual)

    def regularized(self, module: "Module") -> "dict[str, Operator]":
        """`layer_1`, `layer_2`, …"""
        from spectra_tune.operators.of_module import operators_of

        return operators_of(module)

    @property
    def kind(self) -> str:
        """The constructor's name."""
        return gcn.__name__

    def __str__(self) -> str:
        return self.kind
