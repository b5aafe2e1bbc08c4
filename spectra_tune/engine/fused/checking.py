"""The kernel, once it has shown on this machine that its gradients are autograd's.

Compiled code is as good as what the compiler knows of the processor that it finds itself on.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from itertools import pairwise, product
from math import inf, prod
from typing import Any, NamedTuple

import numpy
import torch
from torch import Tensor
from torch.nn.functional import linear

from spectra_tune import objectives
from spectra_tune.engine.fused import judging, loop, optimizing, pulling
from spectra_tune.engine.fused.memory import layers_of, work_for
from spectra_tune.engine.fused.once import mark_compiled
from spectra_tune.engine.fused.tables import Members, Numbers, Protocol, Samples
from spectra_tune.errors import InvalidStudy

SAMPLES, INPUTS, HIDDEN = 61, 3, (18, 9)
"""Of the networks that are tried: none is a multiple of what the processor does at once."""

OUTPUTS = {judging.LOGIT: 1, judging.LOGITS: 3, judging.SQUARES: 2}

WITHIN = 1e-5
"""Of the largest number of a layer's gradient: ten times what float32 rounds away."""


class Kernel(NamedTuple):
    """The calls, see loop.py."""

    train: Any
    score: Any
    norms: Any


@cache
def checked_kernel() -> Kernel:
    """The calls: compiled when first used on a machine, checked when first used in a process."""
    for rectified, kind in product((True, False), OUTPUTS):
        _check(rectified, kind)
    mark_compiled()
    return Kernel(loop.train, loop.score, loop.norms)


def _check(rectified: bool, kind: int) -> None:
    """Refuses a kernel whose gradients of a small network are others than autograd's in float64."""
    generator = torch.Generator().manual_seed(0)
    sizes = (INPUTS, *HIDDEN, OUTPUTS[kind])
    shapes: dict[str, tuple[int, ...]] = {}
    for layer, (below, above) in enumerate(pairwise(sizes), start=1):
        shapes |= {f"layer_{layer}.weight": (1, above, below), f"layer_{layer}.bias": (1, above)}
    lengths = [prod(shape) for shape in shapes.values()]
    flat = torch.randn(sum(lengths), generator=generator)
    parts = zip(shapes.items(), flat.split(lengths), strict=True)
    parameters = {name: part.view(shape) for (name, shape), part in parts}
    x = torch.randn(SAMPLES, INPUTS, generator=generator)
    if kind == judging.SQUARES:
        target = torch.randn(SAMPLES, OUTPUTS[kind], generator=generator)
    else:
        target = torch.randint(max(OUTPUTS[kind], 2), (SAMPLES,), generator=generator)
    found = _by_kernel(parameters, flat, sizes, x, target, rectified, kind)
    for name, known in _by_autograd(parameters, x, target, rectified, kind).items():
        at = parameters[name].storage_offset()
        off = float((found[at : at + known.numel()].view_as(known) - known).abs().max() / known.abs().max())
        if not off <= WITHIN:
            raise InvalidStudy(
                f"the compiled kernel's gradients must be autograd's on this processor, that of {name} is {off:.1g} of "
                "its size away: set NUMBA_DISABLE_JIT=1, then torch trains, and report this"
            )


def _by_kernel(
    parameters: Mapping[str, Tensor],
    flat: Tensor,
    sizes: Sequence[int],
    x: Tensor,
    target: Tensor,
    rectified: bool,
    kind: int,
) -> Tensor:
    """The gradient, flat, float64; a step of rate 0 leaves it where it lies."""
    rows = target.shape[1] if target.ndim == 2 else 1
    value, none = flat.numpy().copy(), numpy.zeros(len(flat), numpy.float32)
    gradient = numpy.zeros_like(none)
    samples = Samples(
        x=x.numpy().ravel(),
        target=target.float().numpy().ravel(),
        shared=True,
        count=SAMPLES,
        features=INPUTS,
        rows=rows,
    )
    of_all = numpy.zeros(1, numpy.int64)
    numbers = Numbers(value, gradient, none, none, none, of_all, numpy.array([len(flat)]))
    protocol = Protocol(rectified, kind, optimizing.SGD, pulling.NONE, 1, SAMPLES, 1, False, False)
    one = numpy.zeros(1, numpy.float32)
    members = Members(
        one,
        numpy.zeros(1, bool),
        one,
        one + numpy.float32(inf),
        of_all,
        of_all.copy(),
        numpy.zeros((1, 0, 1), numpy.float32),
    )
    rates, targets = numpy.zeros((1, 1), numpy.float32), numpy.zeros((1, 0, 1), numpy.float32)
    order = numpy.arange(SAMPLES, dtype=numpy.int32).reshape(1, 1, -1)
    work = work_for(sizes, SAMPLES, rows)
    nowhere = numpy.zeros(0, numpy.int64)
    loop.train(
        layers_of(parameters, sizes), numbers, samples, work, protocol, members, nowhere, rates, targets, order, 0
    )
    return torch.from_numpy(gradient).double()


def _by_autograd(
    parameters: Mapping[str, Tensor], x: Tensor, target: Tensor, rectified: bool, kind: int
) -> dict[str, Tensor]:
    """Each parameter's gradient in float64."""
    leaves = {name: value[0].double().requires_grad_() for name, value in parameters.items()}
    hidden, last = x.double(), len(leaves) // 2
    for layer in range(1, last + 1):
        hidden = linear(hidden, leaves[f"layer_{layer}.weight"], leaves[f"layer_{layer}.bias"])
        if layer < last:
            hidden = hidden.relu() if rectified else hidden.tanh()
    name = objectives.REGRESSION if kind == judging.SQUARES else objectives.CLASSIFICATION
    loss = objectives.implement(objectives.OBJECTIVES[name]).loss(hidden, target)
    return dict(zip(leaves, torch.autograd.grad(loss, list(leaves.values())), strict=True))
