"""The multilayer perceptron: Linear layers with an activation between, every weight but the last one's regularized."""

from collections import OrderedDict
from dataclasses import dataclass, field
from itertools import pairwise
from math import prod
from typing import TYPE_CHECKING, Any

from spectra_tune.called import called
from spectra_tune.errors import InvalidStudy, at_least_one, not_negative, one_of, positive
from spectra_tune.objectives import objective_of
from spectra_tune.tasks import shape_of

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Linear, Module

    from spectra_tune.networks.perceptron_stacked import StackedPerceptron
    from spectra_tune.operators import Operator

ACTIVATIONS = ("relu", "tanh")
INITS = ("linear", "he", "orthogonal")
NORMS = ("layer", "batch")


def mlp(
    *,
    width: int,
    depth: int = 2,
    activation: str = "relu",
    init: str = "linear",
    init_gain: float = 1.0,
    norm: str | None = None,
    dropout: float = 0.0,
) -> "Perceptron":
    """A multilayer perceptron with `depth` hidden layers of `width` units; every hidden weight matrix is regularized.

    init "linear" is torch.nn.Linear's distribution (uniform, bound 1/sqrt(fan in)), "he" is normal with standard
    deviation sqrt(2/fan in), "orthogonal" a drawn matrix whose singular values are all 1 (Saxe et al. 2014); init_gain
    multiplies the weights. Biases always start as torch.nn.Linear's. norm stands
    between a hidden layer and its activation, dropout (a share of units) behind that; with either members train in
    turn.
    """
    return Perceptron(
        width=width,
        depth=depth,
        activation=activation,
        init=init,
        init_gain=init_gain,
        norm=norm,
        dropout=dropout,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Perceptron:
    """A perceptron without its input and output sizes, which are the task's."""

    width: int
    depth: int  # hidden layers
    activation: str
    init: str
    init_gain: float  # factor of the initial weights, not of the biases
    norm: str | None = field(default=None, metadata={"later": True})
    dropout: float = field(default=0.0, metadata={"later": True})  # share of a hidden layer's units

    def __post_init__(self):
        for name in ("width", "depth"):
            object.__setattr__(self, name, at_least_one(getattr(self, name), name))
        object.__setattr__(self, "activation", one_of(self.activation, "activation", ACTIVATIONS))
        object.__setattr__(self, "init", one_of(self.init, "init", INITS))
        object.__setattr__(self, "init_gain", positive(self.init_gain, "init_gain"))
        if self.norm is not None:
            object.__setattr__(self, "norm", one_of(self.norm, "norm", NORMS))
        object.__setattr__(self, "dropout", not_negative(self.dropout, "dropout"))
        if self.dropout >= 1:
            raise InvalidStudy(f"dropout must be a share below 1, got {self.dropout:g}")

    def build(self, task: Any) -> "Module":
        """Linear modules layer_1, layer_2, …, the draws of each in torch.nn.Linear's order."""
        from torch import nn

        activation = nn.ReLU if self.activation == "relu" else nn.Tanh
        norm = {"layer": nn.LayerNorm, "batch": nn.BatchNorm1d}.get(self.norm or "")
        modules: OrderedDict[str, Module] = OrderedDict()
        if len(shape_of(task) or ()) > 1:
            modules["flatten"] = nn.Flatten()
        for layer, (below, above) in enumerate(pairwise(self._sizes(task)), start=1):
            modules[f"layer_{layer}"] = self._linear(below, above)
            if layer > self.depth:
                break
            if norm is not None:
                modules[f"norm_{layer}"] = norm(above)
            modules[f"activation_{layer}"] = activation()
            if self.dropout:
                modules[f"dropout_{layer}"] = nn.Dropout(self.dropout)
        return nn.Sequential(modules)

    def _linear(self, fan_in: int, fan_out: int) -> "Linear":
        """A layer with its initial weights."""
        import torch

        from spectra_tune.networks.layers.linear import Linear

        linear = Linear(fan_in, fan_out)
        with torch.no_grad():
            if self.init == "orthogonal":
                torch.nn.init.orthogonal_(linear.weight)
            elif self.init == "he":
                linear.weight.normal_(0.0, (2 / fan_in) ** 0.5)
            else:
                linear.weight.uniform_(-(fan_in**-0.5), fan_in**-0.5)
            linear.weight.mul_(self.init_gain)
            linear.bias.uniform_(-(fan_in**-0.5), fan_in**-0.5)
        return linear

    def regularized(self, module: "Module") -> "dict[str, Operator]":
        """Every layer's weight but the last one's, from the input on."""
        from spectra_tune.operators.dense import Matrix

        weights: dict[str, Tensor] = dict(module.named_parameters())
        return {f"layer_{layer}": Matrix(weights[f"layer_{layer}.weight"]) for layer in range(1, self.depth + 1)}

    def stacked(self, task: Any) -> "StackedPerceptron | None":
        """The form in which all members train as one program; none for tokens, and with a norm or dropout."""
        if getattr(task, "vocabulary", None) is not None or self.norm is not None or self.dropout:
            return None
        from spectra_tune.networks.perceptron_stacked import StackedPerceptron

        return StackedPerceptron(sizes=self._sizes(task), activation=self.activation)

    def parameter_count(self, task: Any) -> int:
        """Trainable numbers, counted without building the network."""
        of_norms = 0 if self.norm is None else 2 * self.width * self.depth
        return sum(below * above + above for below, above in pairwise(self._sizes(task))) + of_norms

    def _sizes(self, task: Any) -> tuple[int, ...]:
        """Numbers from layer to layer: inputs, hidden ones, outputs."""
        shape = shape_of(task)
        if shape is None:
            raise InvalidStudy(f"a perceptron must know its inputs: give {called(task)} features, or a shape")
        outputs = objective_of(task).outputs(task)
        return (prod(shape), *[self.width] * self.depth, outputs)

    @property
    def kind(self) -> str:
        """The constructor's name."""
        return mlp.__name__

    def __str__(self) -> str:
        return self.kind
