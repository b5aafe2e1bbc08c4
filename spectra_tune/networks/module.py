"""A network of any torch.nn.Module class: its keyword arguments are the hyperparameters."""

import inspect
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

from spectra_tune.errors import InvalidStudy, listed, nearest, plain
from spectra_tune.objectives import objective_of
from spectra_tune.own_code import said
from spectra_tune.tasks import shape_of

if TYPE_CHECKING:
    from torch.nn import Module

    from spectra_tune.operators import Operator

OF_TASK = ("shape", "inputs", "vocabulary", "outputs")
"""Arguments that are the task's where the class takes them: a sample's shape and numbers, how many tokens there are,
and the network's outputs."""


def module(net: type, *, regularized: tuple[str, ...] | None = None, **hyperparameters: Any) -> "ModuleNetwork":
    """A network that builds net(**hyperparameters), with what of OF_TASK the class takes.

    regularized: names of what is penalised, from the input on: of Linear, Embedding and convolutional modules (as in
    named_modules), `<module>.weight_hh_l0` of recurrent ones, by gate where they have some (`.reset`), and
    `<module>.qk.<head>` (W_q W_k^T) and `<module>.ov.<head>` (W_o W_v) of attention, heads from 1; the module alone, or
    `<module>.qk`, says all below. By default every Linear, convolution, recurrent matrix and head but the last layer's,
    as far as they are trained.
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
        return _completed(self.net(**given), shape, of_task["vocabulary"])

    def regularized(self, module: "Module") -> "dict[str, Operator]":
        """The operators that are named, or the default ones: see operators/of_module.py."""
        from spectra_tune.operators.of_module import operators_of

        return operators_of(module, self.names)

    @property
    def kind(self) -> str:
        """The class's name."""
        return self.net.__name__

    def __str__(self) -> str:
        return self.kind


def _completed(built: Any, shape: tuple[int, ...] | None, vocabulary: int | None) -> Any:
    """The module, its lazily built layers by one example of zeros, in evaluation mode."""
    import torch
    from torch.nn.parameter import is_lazy

    if not isinstance(built, torch.nn.Module) or not any(is_lazy(one) for one in built.parameters()):
        return built
    if shape is None:
        raise InvalidStudy(f"{type(built).__name__} has layers that are built by an example: give its task a shape")
    training = built.training
    example = torch.zeros(2, *shape, dtype=torch.float32 if vocabulary is None else torch.int64)
    try:
        with torch.no_grad():
            built.eval()(example)
    except Exception as error:
        raise InvalidStudy(
            f"{type(built).__name__}.forward must take x {tuple(example.shape)}, got {said(error)}"
        ) from error
    return built.train(training)


def _check_taken(net: type, hyperparameters: dict[str, Any]) -> None:
    """Refuses hyperparameters that the class does not take."""
    taken = inspect.signature(net).parameters
    if any(one.kind is inspect.Parameter.VAR_KEYWORD for one in taken.values()):
        return
    for name in hyperparameters:
        if name not in taken:
            raise InvalidStudy(f"{net.__name__} takes no {name!r}; {nearest(name, set(taken) - set(OF_TASK))}")
