"""Trained members as a probe sees them, at random, for tests of probes."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy
import torch
from torch import nn

from spectra_tune import probes
from spectra_tune.engine.members.generators import seeded
from spectra_tune.networks import mlp
from spectra_tune.objectives import objective_of
from spectra_tune.operators.dense import Matrix
from spectra_tune.probes.probe_input import ProbeInput, ProbeResult


def drawn(
    build: Any,
    *,
    members: int = 3,
    features: int | tuple[int, ...] = 2,
    classes: int = 2,
    points: int = 1000,
    seed: int = 0,
    moved: float = 0.05,
    regularized: Any = None,
) -> ProbeInput:
    """Members of a network at random starts, moved from there by a little, with random points and labels.

    build() gives a module with weights of its own. features: of a point, or its shape. regularized: by default every
    matrix but the last one, numbered.
    """
    starts = []
    for member in range(members):
        with seeded(1000 * seed + member):
            starts.append({name: value.detach().clone() for name, value in build().state_dict().items()})
    generator = torch.Generator().manual_seed(seed)
    states = [
        {
            name: value + moved * torch.randn(value.shape, generator=generator) if value.is_floating_point() else value
            for name, value in start.items()
        }
        for start in starts
    ]
    shape = (features,) if isinstance(features, int) else tuple(features)
    return ProbeInput(
        module=build(),
        states=states,
        initial=starts,
        regularized=regularized or numbered,
        x=torch.randn(points, *shape, generator=generator),
        target=torch.randint(classes, (points,), generator=generator),
        objective=objective_of(SimpleNamespace(classes=classes)),
        low_F=numpy.full(shape, -3.0).flatten(),
        high_F=numpy.full(shape, 3.0).flatten(),
    )


def numbered(module):
    """A module's matrices but the last one, by their number."""
    matrices = [value for value in module.parameters() if value.ndim == 2]
    return {f"{number}": Matrix(value) for number, value in enumerate(matrices[:-1] or matrices, start=1)}


def perceptron(*, features=2, classes=2, **given):
    """What builds a perceptron."""
    network = mlp(**{"width": 12, "depth": 3, "init": "he"} | given)
    task = SimpleNamespace(features=features, classes=classes)
    return lambda: network.build(task)


def linear(*sizes, activation=False):
    """What builds weights w1, w2, … in a row without biases; activation: with identities that count as hidden ones."""

    def build():
        row = nn.Sequential()
        for number, (below, above) in enumerate(zip(sizes, sizes[1:], strict=False), start=1):
            row.add_module(f"w{number}", nn.Linear(below, above, bias=False))
            if activation and number < len(sizes) - 1:
                row.add_module(f"hidden{number}", nn.LeakyReLU(1.0))
        return row

    return build


class Sines(nn.Module):
    """Shows nothing."""

    def __init__(self, width=6):
        super().__init__()
        self.inner, self.outer = nn.Linear(2, width), nn.Linear(width, 1)

    def forward(self, x):
        return self.outer(torch.sin(self.inner(x)))


def with_parameters(probed, **by_name) -> ProbeInput:
    """With some parameters set otherwise, (members, …); a name's dot is written as two underscores."""
    named = {name.replace("__", "."): values for name, values in by_name.items()}
    assert set(named) <= set(probed.states[0])
    states = [
        {**state, **{name: values[member] for name, values in named.items()}}
        for member, state in enumerate(probed.states)
    ]
    return replace(probed, states=states)


def stacked(probed, name):
    return torch.stack([state[name] for state in probed.states])


def only(probed, member) -> ProbeInput:
    return replace(probed, states=[probed.states[member]], initial=[probed.initial[member]])


def measured(name, probed) -> dict[str, ProbeResult]:
    return probes.implement(name)(probed)


def one(reading) -> float:
    """The value of a reading of a single member."""
    (value,), (reason,) = reading.values, reading.reasons
    assert reason is None, reason
    return float(value)
