"""A network of any torch.nn.Module class: its keyword arguments are the hyperparameters."""

import inspect
from dataclasses import dataclass
from itertools import combinations
from math import prod
from typing import TYPE_CHECKING, Any

from spectra_tune.errors import InvalidStudy, listed, nearest, plain
from spectra_tune.objectives import objective_of
from spectra_tune.tasks import shape_of

if TYPE_CHECKING:
    from torch.nn import Module

    from spectra_tune.operators import Operator

OF_TASK = ("shape", "inputs", "vocabulary", "outputs")
"""Arguments that are the task's where the class takes them: a sample's shape and numbers, how many tokens there are,
and the network's outputs."""


def module(net: type, *, regularized: tuple[str, ...] | None = None, **hyperparameters: Any) -> "ModuleNetwork":
    """A network that builds net(**hyperparameters), with what of OF_TASK the class takes.

    regularized: names of modules (as in named_modules) whose weights, (out, in), are penalised, from the input on; by
    default those of every torch.nn.Linear but the last one that are trained.
    """
    if not isinstance(net, type):
        raise InvalidStudy(f"module needs a class of torch.nn.Module, got {net!r}")
    taken = set(OF_TASK) & set(hyperparameters)
    if taken:
        raise InvalidStudy(f"{', '.join(sorted(taken))} of {net.__name__} come from the task: leave them away")
    _check_taken(net, hyperparameters)
    names = None if regularized is None else _distinct(listed(regularized, f"regularized of {net.__name__}"))
    return ModuleNetwork(net=net, given=_kept(net, hyperparameters), names=names)


def _distinct(names: tuple[str, ...]) -> tuple[str, ...]:
    twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if twice:
        raise InvalidStudy(f"a weight is regularized once, {twice[0]!r} is named twice: name it once")
    return names


def _kept(net: type, hyperparameters: dict[str, Any]) -> tuple[tuple[str, Any], ...]:
    """Hyperparameters sorted by name; numbers of numpy are Python's, lists and ranges tuples, which can be compared."""
    kept = {name: _plain(value) for name, value in hyperparameters.items()}
    for name, value in kept.items():
        try:
            hash(value)
        except TypeError:
            raise InvalidStudy(
                f"hyperparameters must be numbers, texts, classes or lists of such, {name} of {net.__name__} is a "
                f"{type(value).__name__}"
            ) from None
    return tuple(sorted(kept.items()))


def _plain(value: Any) -> Any:
    return tuple(_plain(item) for item in value) if isinstance(value, list | tuple | range) else plain(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModuleNetwork:
    """See `module`."""

    net: type
    given: tuple[tuple[str, Any], ...]  # hyperparameters, by name
    names: tuple[str, ...] | None

    def hyperparameters(self) -> dict[str, Any]:
        """What arms may change and tables show."""
        return dict(self.given)

    def with_hyperparameters(self, **changes: Any) -> "ModuleNetwork":
        """The same class with some of its arguments set otherwise."""
        return ModuleNetwork(net=self.net, given=_kept(self.net, {**dict(self.given), **changes}), names=self.names)

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("_"):
            for known, value in self.given:
                if known == name:
                    return value
        raise AttributeError(f"{type(self).__name__} {self.net.__name__} has no {name!r}")

    def build(self, task: Any) -> "Module":
        """An instance of the class, with its own initial draws."""
        shape = shape_of(task)
        of_task = {
            "shape": shape,
            "inputs": None if shape is None else prod(shape),
            "vocabulary": getattr(task, "vocabulary", None),
            "outputs": objective_of(task).outputs(task),
        }
        signature = inspect.signature(self.net)
        given = dict(self.given) | {name: value for name, value in of_task.items() if name in signature.parameters}
        try:
            signature.bind(**given)
        except TypeError as error:
            raise InvalidStudy(
                f"{self.net.__name__} must take the hyperparameters of module(…), got: {error}"
            ) from error
        return self.net(**given)

    def regularized(self, module: "Module") -> "dict[str, Operator]":
        """The weights that are named, or of every Linear module but the last one; a shared weight counts once."""
        from torch import Tensor

        from spectra_tune.operators.dense import Matrix

        modules = dict(module.named_modules())
        if self.names is None:
            return {name: Matrix(weight) for name, weight in self._default_weights(modules)}
        found: dict[str, Operator] = {}
        for name in self.names:
            weight = getattr(modules.get(name), "weight", None)
            if not isinstance(weight, Tensor):
                raise InvalidStudy(
                    f"{self} has no module {name!r} with a weight; {nearest(name, _with_weight(modules))}"
                )
            found[name] = Matrix(weight)
        for (one, first), (other, second) in combinations(found.items(), 2):
            if first.weights[0] is second.weights[0]:
                raise InvalidStudy(f"a weight is regularized once, {one!r} and {other!r} of {self} share theirs")
        return found

    def _default_weights(self, modules: "dict[str, Module]") -> list[tuple[str, Any]]:
        from torch.nn import Linear, Parameter

        found: dict[int, tuple[str, Any]] = {}
        last = None
        for name, one in modules.items():
            if isinstance(one, Linear):
                found.setdefault(id(one.weight), (name, one.weight))
                last = id(one.weight)
        hidden = [of for weight, of in found.items() if weight != last]
        return [(name, one) for name, one in hidden if isinstance(one, Parameter) and one.requires_grad]

    @property
    def kind(self) -> str:
        """The class's name."""
        return self.net.__name__

    def __str__(self) -> str:
        return self.kind


def _with_weight(modules: "dict[str, Module]") -> list[str]:
    """Names of the modules that have a weight (out, in)."""
    return [name for name, one in modules.items() if getattr(getattr(one, "weight", None), "ndim", 0) == 2]


def _check_taken(net: type, hyperparameters: dict[str, Any]) -> None:
    """Refuses hyperparameters that the class does not take."""
    taken = inspect.signature(net).parameters
    if any(one.kind is inspect.Parameter.VAR_KEYWORD for one in taken.values()):
        return
    for name in hyperparameters:
        if name not in taken:
            raise InvalidStudy(f"{net.__name__} takes no {name!r}; {nearest(name, set(taken) - set(OF_TASK))}")
