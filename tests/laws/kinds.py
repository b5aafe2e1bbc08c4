"""What the laws are tried on: networks and tasks that the packages list, and a user's own of every kind."""

import atexit
import inspect
import random
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import Any

import numpy
import pandas
import pytest
import torch
from PIL import Image
from torch import nn

from spectra_tune import networks, tasks
from spectra_tune.engine.members.generators import seeded
from spectra_tune.errors import InvalidStudy
from spectra_tune.networks import cnn, gcn, mlp, module, rnn, transformer
from spectra_tune.networks.contract import check_outputs
from spectra_tune.objectives import IGNORED, objective_of
from spectra_tune.tasks.graphs import Graph


@cache
def _folder() -> Path:
    """Where data of a user's own lie, for as long as the tests run."""
    folder = Path(mkdtemp())
    atexit.register(rmtree, folder)
    return folder


def _own_arrays(**given):
    generator = numpy.random.default_rng(0)
    y = generator.permutation(numpy.arange(400) % 3)
    return tasks.arrays(generator.normal(size=(400, 4)) + y[:, None], y, **given)


@cache
def _table_file() -> Path:
    """Two hundred rows of each of two colours, with numbers."""
    generator = numpy.random.default_rng(0)
    colour = generator.permutation(numpy.arange(400) % 2)
    text = numpy.array(["red", "not red"])[colour]
    columns = {"colour": text, "size": generator.normal(size=400) * 30 + 5, "fine": colour + generator.normal(size=400)}
    pandas.DataFrame(columns | {"kept": numpy.arange(400) % 3 == colour}).to_csv(_folder() / "table.csv", index=False)
    return _folder() / "table.csv"


@cache
def _picture_folder() -> Path:
    """Two classes of 150 pictures (6, 5) in colours: dark and bright ones."""
    generator = numpy.random.default_rng(0)
    for label, name in enumerate(("bright", "dark")):
        (_folder() / "pictures" / name).mkdir(parents=True)
        for number in range(150):
            pixels = generator.integers(0, 100, (6, 5, 3)).astype(numpy.uint8) + numpy.uint8(150 * (1 - label))
            Image.fromarray(pixels).save(_folder() / "pictures" / name / f"{number}.png")
    return _folder() / "pictures"


GIVEN = {
    "arrays": _own_arrays,
    "table": lambda **given: tasks.table(_table_file(), target="kept", **given),
    "images": lambda **given: tasks.images(_picture_folder(), **given),
    "as_sequence": lambda **given: tasks.as_sequence(tasks.digits(**given), step=4, permuted=1),
    "noisy_labels": lambda **given: tasks.noisy_labels(tasks.spirals(classes=3, **given), share=0.25),
    "permuted": lambda **given: tasks.permuted(tasks.digits(**given), phases=3),
    "drifting": lambda **given: tasks.drifting(tasks.digits(**given), phases=3),
    "transfer": lambda **given: tasks.transfer(tasks.digits(**given), tasks.digits(**given)),
}
"""Constructors that need more than how many samples, with something for it."""

TASKS = {
    name: GIVEN.get(name, getattr(tasks, name))
    for name in tasks.__all__
    if inspect.isfunction(getattr(tasks, name)) and name not in ("shape_of", "is_one_split", "split")
}
"""Every constructor of a task that the package lists; `split` has few of the classes in each phase."""


class Norms(nn.Module):
    """Batch statistics, and draws from torch's global generator."""

    def __init__(self, inputs, outputs, hidden, dropout=0.2):
        super().__init__()
        self.below, self.norm, self.between = (
            nn.Linear(inputs, hidden),
            nn.BatchNorm1d(hidden),
            nn.Linear(hidden, hidden),
        )
        self.above, self.relu, self.drop = nn.Linear(hidden, outputs), nn.ReLU(), nn.Dropout(dropout)

    def forward(self, x):
        hidden = self.relu(self.norm(self.below(x.flatten(1))))
        return self.above(self.drop(self.relu(self.between(hidden))))


class Functional(nn.Module):
    """A forward pass of functions, which shows no hidden layers."""

    def __init__(self, inputs, outputs, hidden):
        super().__init__()
        self.inner, self.outer = nn.Linear(inputs, hidden), nn.Linear(hidden, outputs, bias=False)

    def forward(self, x):
        return self.outer(torch.sin(self.inner(x.flatten(1))))


class Row(nn.Sequential):
    def __init__(self, inputs, outputs, hidden):
        layers = (nn.Flatten(), nn.Linear(inputs, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh())
        super().__init__(*layers, nn.Linear(hidden, outputs))


class Tied(nn.Module):
    """One weight under two names, and one ReLU for two layers."""

    def __init__(self, inputs, outputs, hidden):
        super().__init__()
        self.below, self.one, self.other = (
            nn.Linear(inputs, hidden),
            nn.Linear(hidden, hidden),
            nn.Linear(hidden, hidden),
        )
        self.other.weight, self.above, self.relu = self.one.weight, nn.Linear(hidden, outputs), nn.ReLU()

    def forward(self, x):
        return self.above(self.other(self.relu(self.one(self.relu(self.below(x.flatten(1)))))))


class Branching(nn.Module):
    """Control flow that depends on the data, a whole-numbered buffer first, and a layer that is never trained."""

    def __init__(self, inputs, outputs, hidden):
        super().__init__()
        self.register_buffer("calls", torch.zeros((), dtype=torch.int64))
        self.fixed, self.left, self.right = (
            nn.Linear(inputs, hidden),
            nn.Linear(hidden, hidden),
            nn.Linear(hidden, hidden),
        )
        self.fixed.requires_grad_(False)
        self.above = nn.Linear(hidden, outputs)

    def forward(self, x):
        if self.training:
            self.calls += 1
        hidden = torch.relu(self.fixed(x.flatten(1)))
        branch = self.left if float(hidden.detach().mean()) > 0.4 else self.right
        return self.above(torch.relu(branch(hidden)))


class Draws(nn.Module):
    """Initial weights and noise from the global generators of numpy and Python; a buffer that its state leaves out."""

    def __init__(self, inputs, outputs, hidden):
        super().__init__()
        self.inner, self.outer = nn.Linear(inputs, hidden), nn.Linear(hidden, outputs)
        self.inner.weight.data = torch.from_numpy(numpy.random.normal(size=(hidden, inputs))).float()
        self.outer.bias.data.fill_(random.random())
        self.register_buffer("passing", torch.zeros(hidden), persistent=False)

    def forward(self, x):
        hidden = torch.tanh(self.inner(x.flatten(1)))
        if self.training:
            self.passing = 0.9 * self.passing + hidden.detach().mean(dim=0)
            hidden = hidden + 0.1 * float(numpy.random.normal()) + 0.1 * random.random()
        return self.outer(hidden + 0.1 * self.passing)


class Convolves(nn.Module):
    """Of a row of numbers: strided, circular, grouped and parametrized convolutions, and batch statistics."""

    def __init__(self, inputs, outputs, hidden):
        super().__init__()
        self.below = nn.Linear(inputs, hidden)
        self.one = nn.Conv1d(1, 4, 3, padding=1)
        self.norm = nn.BatchNorm1d(4)
        self.two = nn.Conv1d(4, 4, 3, padding=1, padding_mode="circular")
        self.three = nn.Conv1d(4, 6, 3, stride=2, padding=1, groups=2)
        self.four = nn.utils.parametrizations.weight_norm(nn.ConvTranspose1d(6, 2, 2, stride=2))
        self.outer = nn.Linear(2 * hidden, outputs)

    def forward(self, x):
        hidden = torch.relu(self.norm(self.one(self.below(x.flatten(1)).unsqueeze(1))))
        hidden = self.three(torch.relu(self.two(hidden)))
        return self.outer(torch.relu(self.four(hidden)).flatten(1))


class Attends(nn.Module):
    """Numbers as positions of a sequence, two heads, and a layer that is built by the first input."""

    def __init__(self, inputs, outputs, hidden):
        super().__init__()
        self.each = nn.Linear(1, hidden)
        self.attention = nn.MultiheadAttention(hidden, 2, batch_first=True)
        self.between, self.outer = nn.LazyLinear(hidden), nn.Linear(hidden, outputs)

    def forward(self, x):
        hidden = self.each(x.flatten(1).unsqueeze(2))
        hidden = hidden + self.attention(hidden, hidden, hidden, need_weights=False)[0]
        return self.outer(torch.relu(self.between(hidden.mean(dim=1))))


class Recurs(nn.Module):
    """Numbers one after another into gated cells, and a weight that a parametrization computes."""

    def __init__(self, inputs, outputs, hidden):
        super().__init__()
        self.cells = nn.GRU(1, hidden, batch_first=True)
        self.between = nn.utils.parametrizations.weight_norm(nn.Linear(hidden, hidden))
        self.inner, self.outer = nn.Linear(hidden, hidden), nn.Linear(hidden, outputs)

    def forward(self, x):
        hidden = self.cells(x.flatten(1).unsqueeze(2))[0][:, -1]
        return self.outer(torch.relu(self.inner(torch.relu(self.between(hidden)))))


class Embeds(nn.Module):
    """Of tokens."""

    def __init__(self, shape, vocabulary, outputs, hidden):
        super().__init__()
        self.table, self.inner = nn.Embedding(vocabulary, hidden), nn.Linear(shape[0] * hidden, hidden)
        self.relu, self.outer = nn.ReLU(), nn.Linear(hidden, outputs)

    def forward(self, x):
        return self.outer(self.relu(self.inner(self.table(x).flatten(1))))


class EmbedsEach(Embeds):
    """Of each token by itself, for what comes next."""

    def __init__(self, vocabulary, outputs, hidden):
        super().__init__((1,), vocabulary, outputs, hidden)

    def forward(self, x):
        return self.outer(self.relu(self.inner(self.table(x))))


@dataclass(frozen=True, kw_only=True)
class InTurn:
    """A network without its stacked form: the same module, in turn."""

    of: Any

    def build(self, task):
        return self.of.build(task)

    def regularized(self, built):
        return self.of.regularized(built)

    def __str__(self):
        return f"{self.of} in turn"


def _smallest(constructor) -> Any:
    """A constructor's network, of 8 wherever a number must be given."""
    needed = [name for name, one in inspect.signature(constructor).parameters.items() if one.default is one.empty]
    return constructor(**dict.fromkeys(needed, 8))


NETWORKS = {
    **{name: _smallest(getattr(networks, name)) for name in networks.__all__ if name != module.__name__},
    "mlp of tanh": mlp(width=8, depth=3, activation="tanh", init="he", init_gain=0.7),
    "mlp of one layer": mlp(width=9, depth=1),
    "mlp of three": mlp(width=5, depth=3),
    "mlp with norms": mlp(width=8, norm="batch", dropout=0.1),
    "mlp with layer norms": mlp(width=8, norm="layer"),
    "cnn with norms": cnn(channels=4, norm="batch", residual=True, head=None),
    "cnn with group norms": cnn(channels=4, depth=3, norm="group"),
    "transformer after": transformer(width=8, norm="post", depth=1),
    "transformer without": transformer(width=8, norm=None, heads=1, depth=1),
    "gru": rnn(width=8, cell="gru"),
    "lstm": rnn(width=8, cell="lstm"),
    "gcn with residuals": gcn(width=8, depth=3, residual=True),
    **{
        net.__name__: module(net, hidden=8)
        for net in (Norms, Functional, Row, Tied, Branching, Draws, Convolves, Attends, Recurs)
    },
    "own": InTurn(of=mlp(width=8)),
}
"""Every constructor that the package lists, variants of them, and modules of a user's own."""

ENGINES = {"stacked": mlp(width=8), "in turn": module(Norms, hidden=8)}
"""A network that trains in either way."""


@dataclass(frozen=True, kw_only=True)
class Own:
    """A task of a user's own: what `kind` says, with the same truth whatever the inputs' numbers are."""

    samples: int = 60
    fixed: bool = False

    def draw(self, split, seed):
        purpose = ("train", "validation", "test").index(split)
        generator = numpy.random.default_rng([0 if self.fixed else seed, purpose])
        return self.drawn(generator, 200 if split == "test" else self.samples)


@dataclass(frozen=True, kw_only=True)
class Surface(Own):
    """Regression: a smooth function of the plane, of one target or more."""

    targets: int = 1
    features = 2
    objective = "regression"

    def drawn(self, generator, count):
        x = generator.uniform(-1, 1, (count, 2))
        y = numpy.stack([numpy.sin(3 * x[:, 0] + k) + x[:, 1] for k in range(self.targets)], axis=1)
        return x, y[:, 0] if self.targets == 1 else y


@dataclass(frozen=True, kw_only=True)
class Images(Own):
    """Grey pictures (6, 6) of a bright bar that stands or lies."""

    shape = (6, 6)
    classes = 2

    def drawn(self, generator, count):
        x = generator.integers(0, 100, (count, 6, 6)).astype(numpy.uint8)
        y = numpy.arange(count) % 2
        places = generator.integers(6, size=count)
        for picture, stands, place in zip(x, y, places, strict=True):
            (picture[:, place] if stands else picture[place])[:] += 150
        return x, y


@dataclass(frozen=True, kw_only=True)
class Singles(Own):
    """float32 inputs (3, 2) of three classes."""

    shape = (3, 2)
    classes = 3

    def drawn(self, generator, count):
        y = numpy.arange(count) % 3
        return (generator.normal(size=(count, 3, 2)) + y[:, None, None]).astype(numpy.float32), y


@dataclass(frozen=True, kw_only=True)
class Tokens(Own):
    """Five tokens of eleven; class 1 has more high ones."""

    shape = (5,)
    vocabulary = 11
    classes = 2

    def drawn(self, generator, count):
        x = generator.integers(0, 11, (count, 5))
        return x, (x.mean(axis=1) > 5).astype(numpy.int64)


@dataclass(frozen=True, kw_only=True)
class Counting(Own):
    """Next token: four numbers that count on from any of seven, of which the first is not asked for."""

    shape = (4,)
    vocabulary = 7
    objective = "next_token"

    def drawn(self, generator, count):
        x = (generator.integers(7, size=(count, 1)) + numpy.arange(4)) % 7
        y = (x + 1) % 7
        y[:, 0] = IGNORED
        return x, y


@dataclass(frozen=True, kw_only=True)
class Ring(Own):
    """Forty nodes in a ring, each joined to its two neighbours, some with a number that tells their class."""

    classes = 2
    shape = (1,)
    vocabulary = 40

    @property
    def graph(self):
        here = numpy.arange(40)
        features = numpy.stack((here % 5 == 0, here > 20, here / 40), axis=1).astype(numpy.float32)
        return Graph(features=features, edges=numpy.stack((here, (here + 1) % 40), axis=1))

    def drawn(self, generator, count):
        x = generator.integers(0, 40, (count, 1))
        return x, (x[:, 0] > 20).astype(numpy.int64)


OF_TOKENS = {"tokens": Tokens(), "next token": Counting()}
"""Tasks of a user's own that a network must embed."""

OWN = {"regression": Surface(), "two targets": Surface(targets=2), "uint8": Images(), "float32": Singles()}
"""Tasks of a user's own that any network of numbers trains on."""


TRIED = {
    "classes": tasks.moons(samples=60),
    "three classes": tasks.spirals(samples=60, classes=3),
    **OWN,
    **OF_TOKENS,
    "graph": Ring(),
}
"""A task of every kind of data and objective."""


def x_of(task, samples):
    """What a module takes of the first samples of a task's training data."""
    x = torch.as_tensor(task.draw("train", 0)[0][:samples])
    return x if getattr(task, "vocabulary", None) is not None else x.float()


@cache
def trains(network, task) -> bool:
    """Whether a network can be built for a task, and gives its outputs."""
    try:
        with seeded(0):
            check_outputs(network, network.build(task), x_of(task, 4), task)
    except InvalidStudy:
        return False
    return True


def task_of(network) -> Any:
    """The first task that a network trains on."""
    return next(task for task in TRIED.values() if trains(network, task))


def pairs(networks_by_name) -> list[Any]:
    """Every network with every task that it trains on, for pytest.mark.parametrize."""
    return [
        pytest.param(network, task, id=f"{name}, {of}")
        for name, network in networks_by_name.items()
        for of, task in TRIED.items()
        if trains(network, task)
    ]


def each_once(networks_by_name) -> list[Any]:
    """Every network with one task, and every task with a network: of those that it trains on the one tried least."""
    tried: Counter[str] = Counter(dict.fromkeys(TRIED, 0))
    chosen = []
    for name, network in networks_by_name.items():
        of = min((of for of, task in TRIED.items() if trains(network, task)), key=tried.__getitem__)
        tried[of] += 1
        chosen.append(pytest.param(network, TRIED[of], id=f"{name}, {of}"))
    assert all(tried.values()), f"a task must be tried, {tried} has one that is not"
    return chosen


def on(task, network):
    """The network that trains on a task: of tokens one that embeds them."""
    if getattr(task, "vocabulary", None) is None:
        return network
    return module(EmbedsEach if objective_of(task).by_position else Embeds, hidden=8)
