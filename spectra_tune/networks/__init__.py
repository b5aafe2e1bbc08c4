"""Networks, declared: constructors that load nothing heavy; the files beside this one train them.

A network of your own is any object with `init(generator) -> {name: tensor}`, `forward(parameters, x)` for one member
(x: samples x features; logits: samples x outputs, one output for two classes) and `regularized`, the names of the
penalised weights (out x in) from the input on. A sample's logits may depend on nothing but the sample, since batches
are padded. Make it a frozen dataclass and its fields become hyperparameters.

Probes can measure more of a network that also has, each optional:
- `with_hidden(parameters, x) -> (logits, [h_1, …, h_L])`, activations of its hidden layers from the input on;
- `activation`, which is "relu" where hidden activations are max(0, ·);
- `in_series`, names of all its weights (out x in) from the input to the logits, if there is nothing between them but
  biases and activations of slope <= 1.
"""

from dataclasses import dataclass
from importlib import import_module
from itertools import pairwise
from typing import Any

from spectra_tune.errors import InvalidStudy, at_least_one, nearest, positive

IMPLEMENTED_IN = {"mlp": "perceptron"}
"""The file beside this one for each kind; not of the constructor's name, which it would hide once loaded."""

ACTIVATIONS = ("relu", "tanh")
INITS = ("linear", "he")


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """A network of this package, without its input and output sizes, which are the task's."""

    kind: str  # a key of IMPLEMENTED_IN
    width: int
    depth: int  # hidden layers
    activation: str
    init: str
    init_gain: float  # factor of the initial weights, not of the biases

    def __post_init__(self):
        at_least_one(self.width, "width")
        at_least_one(self.depth, "depth")
        if self.activation not in ACTIVATIONS:
            raise InvalidStudy(f"no activation is called {self.activation!r}; {nearest(self.activation, ACTIVATIONS)}")
        if self.init not in INITS:
            raise InvalidStudy(f"no init is called {self.init!r}; {nearest(self.init, INITS)}")
        object.__setattr__(self, "init_gain", positive(self.init_gain, "init_gain"))

    def implement(self, features: int, outputs: int) -> Any:
        """The network that trains, with init, forward and regularized."""
        module = import_module(f"{__name__}.{IMPLEMENTED_IN[self.kind]}")
        return module.implement(self, features, outputs)

    def parameters(self, features: int, outputs: int) -> int:
        """Trainable numbers, counted without building the network."""
        sizes = (features, *[self.width] * self.depth, outputs)
        return sum(below * above + above for below, above in pairwise(sizes))

    def __str__(self) -> str:
        return self.kind


def mlp(
    *, width: int, depth: int = 2, activation: str = "relu", init: str = "linear", init_gain: float = 1.0
) -> Network:
    """A multilayer perceptron with `depth` hidden layers of `width` units; every hidden weight matrix is regularized.

    init "linear" is torch.nn.Linear's distribution (uniform, bound 1/sqrt(fan in)), "he" is normal with standard
    deviation sqrt(2/fan in); init_gain multiplies the weights. Biases always start as torch.nn.Linear's.
    """
    return Network(kind="mlp", width=width, depth=depth, activation=activation, init=init, init_gain=init_gain)


def outputs_for(classes: int) -> int:
    """Logits of a network for so many classes: one for two classes, else one each."""
    return 1 if classes == 2 else classes


def implement(network: Any, task: Any) -> Any:
    """The network that trains on this task: a declared one gets the task's sizes, a user's own is used as it is."""
    if isinstance(network, Network):
        return network.implement(task.features, outputs_for(task.classes))
    return network
