"""Which of a network's operators a Treatment pulls: by their names or where they lie, if its penalty works on them."""

from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from math import sqrt
from typing import Any

from torch.nn import Module

from spectra_tune.errors import InvalidStudy, nearest
from spectra_tune.operators import Operator, fans_of
from spectra_tune.operators.dense import Matrix
from spectra_tune.operators.of_module import input_weights, of_the_last_layer
from spectra_tune.penalties import PENALTIES


def pulled(network: Any, module: Module, operators: Mapping[str, Operator], treatment: Any) -> tuple[int, ...]:
    """Places of the operators that a Treatment pulls; refuses names of none, and what its penalty does not work on."""
    names = tuple(operators)
    if treatment.regularized == "hidden":
        places = _hidden(network, module, operators)
    elif treatment.regularized in (None, "all"):
        places = tuple(range(len(names)))
    else:
        places = places_of(f"{network} regularizes no", names, treatment.regularized)
    if treatment.strength > 0 and PENALTIES[treatment.penalty].matrices:
        _check_matrices(network, {names[place]: operators[names[place]] for place in places}, treatment.penalty)
    return places


def with_last(module: Module, operators: Mapping[str, Operator], treatment: Any) -> dict[str, Operator]:
    """The operators, and those of the last layer behind them where a Treatment pulls all."""
    if treatment.regularized != "all":
        return dict(operators)
    known = [id(weight) for operator in operators.values() for weight in operator.weights]
    last = of_the_last_layer(module).items()
    return dict(operators) | {name: one for name, one in last if not any(id(of) in known for of in one.weights)}


def _hidden(network: Any, module: Module, operators: Mapping[str, Operator]) -> tuple[int, ...]:
    """Places of the operators but those of the weights that read the inputs."""
    reading = [id(weight) for weight in input_weights(module)]
    found = tuple(
        place
        for place, operator in enumerate(operators.values())
        if not any(id(weight) in reading for weight in operator.weights)
    )
    if not found:
        raise InvalidStudy(
            f"{network} regularizes no hidden weight, behind the first layer and before the last: make it deeper, or "
            "name what is pulled (regularized=)"
        )
    return found


def fan_scales(network: Any, operators: Mapping[str, Operator], treatments: Iterable[Any]) -> tuple[float, ...]:
    """sqrt(out/in) of each operator, by which targets scaled by fan are multiplied; ones where no Treatment has such.

    A matrix's is of its own rows and columns, a convolution's of its channels, a product's of the whole product.
    Source: Yang, Simon and Bernstein 2023: with such spectral norms features are learnt alike at every width.
    """
    if all(treatment.target_scale is None for treatment in treatments):
        return (1.0,) * len(operators)
    found = []
    for name, operator in operators.items():
        fans = fans_of(operator)
        if fans is None:
            raise InvalidStudy(
                f"target_scale 'fan' needs how many numbers go out of a map and into it, {name!r} of {network} does "
                "not say: give its operator a property fans, (out, in), or leave target_scale away"
            )
        found.append(sqrt(fans[0] / fans[1]))
    return tuple(found)


def places_of(refused: str, names: Sequence[str], patterns: Sequence[str]) -> tuple[int, ...]:
    """Places of the names that match a pattern, or lie in what does; a pattern of none is refused in these words."""
    for pattern in patterns:
        if not any(_matches(name, pattern) for name in names):
            raise InvalidStudy(f"{refused} {pattern!r}; {nearest(pattern, names)}")
    return tuple(place for place, name in enumerate(names) if any(_matches(name, pattern) for pattern in patterns))


def _matches(name: str, pattern: str) -> bool:
    return fnmatchcase(name, pattern) or fnmatchcase(name, f"{pattern}.*")


def _check_matrices(network: Any, operators: Mapping[str, Operator], penalty: str) -> None:
    """Refuses a penalty of whole matrices where one of the operators is none."""
    for name, operator in operators.items():
        if not isinstance(operator, Matrix):
            raise InvalidStudy(
                f"penalty {penalty!r} works on the whole spectrum of a matrix, of a linear layer or a recurrent one; "
                f"{name!r} of {network} is a {type(operator).__name__.removeprefix('Layer').lower()}: name matrices "
                "alone (regularized=), or choose another penalty"
            )
