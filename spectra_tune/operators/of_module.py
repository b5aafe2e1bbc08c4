"""The operators of a module: of its layers that are linear maps, by name.

- torch.nn.Linear, Embedding and convolutions: the module's name (as in named_modules), parametrized or not;
- torch.nn.RNN, GRU, LSTM and their cells: `<module>.<parameter>`, which of a gated one is a matrix for each gate:
  `<module>.weight_hh_l0.reset`;
- torch.nn.MultiheadAttention: `<module>.qk.<head>` and `<module>.ov.<head>`, heads from 1: W_q W_k^T and W_o W_v.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

from torch import Tensor, nn
from torch.nn import Module, Parameter
from torch.nn.modules.conv import _ConvNd
from torch.nn.utils.parametrize import is_parametrized

from spectra_tune.errors import InvalidStudy, nearest
from spectra_tune.operators import Operator
from spectra_tune.operators.computed import Computed
from spectra_tune.operators.dense import Matrix
from spectra_tune.operators.of_layer import LayerConvolution
from spectra_tune.operators.part import ALL, Part
from spectra_tune.operators.product import heads

GATES = {
    nn.GRU: ("reset", "update", "new"),
    nn.GRUCell: ("reset", "update", "new"),
    nn.LSTM: ("input", "forget", "cell", "output"),
    nn.LSTMCell: ("input", "forget", "cell", "output"),
    nn.RNN: (),
    nn.RNNCell: (),
}
"""In the order in which torch lays them one below the other."""


class Known(NamedTuple):
    """An operator of a module, before it is chosen."""

    name: str
    layer: str  # the module whose weight it is
    parts: tuple[Part, ...]  # what of which weights
    operator: Operator
    default: bool  # whether it may be chosen where none is named


def operators_of(module: Module, names: Sequence[str] | None = None) -> dict[str, Operator]:
    """The operators of these names, in their order; the name of a layer or a group says all that are below it.

    By default those of every Linear, convolution, recurrent matrix and attention head but the last layer's, as far as
    they are trained; a shared weight counts once, and one that the last layer shares is the last one's.
    """
    known = list(_known(module))
    if names is None:
        return {one.name: one.operator for one in _by_default(known)}
    found: list[tuple[str, Known]] = []
    for name in names:
        for one in _named(name, known, type(module).__name__):
            for said, other in found:
                if _overlap(one, other):
                    raise InvalidStudy(
                        f"a weight is regularized once, {said!r} and {name!r} of {type(module).__name__} share theirs"
                    )
            found.append((name, one))
    return {one.name: one.operator for _, one in found}


def of_the_last_layer(module: Module) -> dict[str, Operator]:
    """The operators that are regularized by no default, those of the last layer, as far as they are trained."""
    return {one.name: one.operator for one in _last(list(_known(module))) if _is_trained(one)}


def input_weights(module: Module) -> tuple[Tensor, ...]:
    """The weights of the first of a module's linear maps: of what its inputs go through, or of their embedding."""
    first = next(_known(module), None)
    return () if first is None else tuple(part.weight for part in first.parts)


def _last(known: Sequence[Known]) -> list[Known]:
    usual = [one for one in known if one.default]
    return [one for one in usual if one.layer == usual[-1].layer]


def _is_trained(one: Known) -> bool:
    return bool(one.parts) and all(
        isinstance(part.weight, Parameter) and part.weight.requires_grad for part in one.parts
    )


def _by_default(known: Sequence[Known]) -> list[Known]:
    last = _last(known)
    chosen: list[Known] = []
    for one in known:
        if one.default and _is_trained(one) and not any(_overlap(one, other) for other in (*last, *chosen)):
            chosen.append(one)
    return chosen


def _named(name: str, known: Sequence[Known], kind: str) -> list[Known]:
    """The operator of a name, or those below it that are there by default."""
    exactly = [one for one in known if one.name == name]
    below = [one for one in known if one.name.startswith(f"{name}.") and one.layer in (name, *_above(name))]
    usual = [one for one in below if one.default] or below
    if not (exactly or usual):
        raise InvalidStudy(f"{kind} has no module {name!r} with a weight; {nearest(name, [one.name for one in known])}")
    return exactly or usual


def _above(name: str) -> list[str]:
    """The modules that a name lies in: of a.b.c, a.b and a."""
    parts = name.split(".")
    return [".".join(parts[:count]) for count in range(len(parts))]


def _overlap(one: Known, other: Known) -> bool:
    return any(mine.overlaps(theirs) for mine in one.parts for theirs in other.parts)


def _known(module: Module) -> Iterator[Known]:
    """All operators, in the modules' order."""
    outputs = {id(one.out_proj) for one in module.modules() if isinstance(one, nn.MultiheadAttention)}
    for name, layer in module.named_modules():
        if isinstance(layer, nn.MultiheadAttention):
            yield from _of_attention(name, layer)
        elif isinstance(layer, nn.RNNBase | nn.RNNCellBase):
            yield from _of_recurrent(name, layer)
        elif isinstance(layer, _ConvNd):
            yield _of_convolution(name, layer)
        elif isinstance(weight := getattr(layer, "weight", None), Tensor) and weight.ndim == 2:
            default = isinstance(layer, nn.Linear) and id(layer) not in outputs
            if is_parametrized(layer, "weight"):
                yield _computed(name, Computed(layer, Matrix), default=default)
            else:
                yield _matrix(name, name, weight, default=default)


def _of_convolution(name: str, layer: _ConvNd) -> Known:
    if not is_parametrized(layer, "weight"):
        return Known(name, name, (Part(layer.weight),), LayerConvolution(layer), default=True)
    return _computed(name, Computed(layer, partial(LayerConvolution, layer)), default=True)


def _computed(name: str, operator: Computed, *, default: bool) -> Known:
    return Known(name, name, tuple(Part(weight) for weight in operator.weights), operator, default)


def _matrix(name: str, layer: str, weight: Tensor, rows: slice = ALL, *, default: bool) -> Known:
    return Known(name, layer, (Part(weight, rows),), Matrix(weight, rows), default)


def _of_recurrent(name: str, layer: Any) -> Iterator[Known]:
    """By default what goes from step to step, not what comes from the layer below."""
    gates = next(gates for kind, gates in GATES.items() if isinstance(layer, kind))
    for parameter, weight in layer.named_parameters(recurse=False):
        if weight.ndim != 2:
            continue
        whole, recurrent = f"{name}.{parameter}".lstrip("."), parameter.startswith("weight_hh")
        if not gates or parameter.startswith("weight_hr"):
            yield _matrix(whole, name, weight, default=recurrent)
            continue
        size = weight.shape[0] // len(gates)
        for number, gate in enumerate(gates):
            rows = slice(number * size, (number + 1) * size)
            yield _matrix(f"{whole}.{gate}", name, weight, rows, default=recurrent)


def _of_attention(name: str, layer: nn.MultiheadAttention) -> Iterator[Known]:
    width = layer.embed_dim
    if layer.in_proj_weight is None:
        inputs = [Part(weight) for weight in (layer.q_proj_weight, layer.k_proj_weight, layer.v_proj_weight)]
    else:
        inputs = [Part(layer.in_proj_weight, slice(part * width, (part + 1) * width)) for part in range(3)]
    query, key, value = inputs
    for own, product in heads(query, key, value, Part(layer.out_proj.weight), layer.num_heads).items():
        yield Known(f"{name}.{own}".lstrip("."), name, (product.left, product.right), product, default=True)
