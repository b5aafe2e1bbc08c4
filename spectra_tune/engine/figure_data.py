"""What pictures of trained members need: outputs over the plane, the data, whole spectra."""

from collections.abc import Iterable

import numpy
import pandas
import torch
from torch import Tensor
from torch.nn import Module

from spectra_tune.engine.members.draws import Draw
from spectra_tune.engine.members.example import example
from spectra_tune.engine.members.generators import seed_of, seeded
from spectra_tune.engine.members.trainer import Trainer
from spectra_tune.objectives import CLASSIFICATION, objective_of
from spectra_tune.operators.of_layer import sized
from spectra_tune.operators.spectrum import spectrum
from spectra_tune.results import figure_table

GRID = 81
"""Points on each side of the plane's grid."""

MARGIN = 0.05
"""Of the data's span, added on each side."""

MOST_SAMPLES = 2000
"""Of each split, of the data that a picture shows."""

SPECTRA_SEEDS = 4
"""Seeds whose spectra are kept."""

MOST_NUMBERS = 1024
"""Of a convolution's smaller side, for its spectrum to be shown: a fifth of a second."""

MOST_VALUES = 512
"""Of a spectrum that are kept, evenly by place, its first and last among them."""


def figure_data(trainers: Iterable[Trainer], draw: Draw, seeds: tuple[int, ...]) -> pandas.DataFrame:
    """The figure table of finished members: boundaries and data of the first seed, spectra of the first few."""
    parts = []
    for trainer in trainers:
        states = trainer.states()
        shown = [
            slot
            for slot, member in enumerate(trainer.members)
            if slot not in trainer.diverged and member.seed in seeds[:SPECTRA_SEEDS]
        ]
        if not shown:
            continue
        spectra = Spectra(trainer, draw)
        for slot in shown:
            member = trainer.members[slot]
            parts += spectra.of(states[slot], member.signature)
            if member.seed == seeds[0] and _shows_a_boundary(trainer, draw):
                x = [draw(split, member.seed).numbers for split in trainer.splits]
                label = [draw(split, member.seed).y for split in trainer.splits]
                module = trainer.module()
                with seeded(seed_of(member, "picture")):
                    parts += [_boundary(module, states[slot], numpy.concatenate(x), member.signature)]
                parts += [_data(x, label, member.signature)]
    return pandas.concat(parts, ignore_index=True) if parts else figure_table({})


def _shows_a_boundary(trainer: Trainer, draw: Draw) -> bool:
    """Whether classes lie in a plane of two features."""
    task = trainer.condition.task
    in_plane = draw("train", trainer.members[0].seed).x.shape[1:] == (2,) and getattr(task, "vocabulary", None) is None
    return in_plane and objective_of(task).name == CLASSIFICATION


class Spectra:
    """Singular values of a trainer's operators, in double precision."""

    def __init__(self, trainer: Trainer, draw: Draw):
        module, first = trainer.module(), trainer.members[0]
        one = example(trainer.condition.task, draw("train", first.seed).x[:1])
        with seeded(seed_of(first, "picture")):
            operators = sized(trainer.condition.network.regularized(module), module, one)
        self._module, self._operators = module.double(), tuple(operators.values())

    def of(self, state: dict[str, Tensor], signature: str) -> list[pandas.DataFrame]:
        """Of each operator, unless it is a convolution too large for a picture: x is its number, y the place."""
        self._module.load_state_dict(state)
        parts = []
        for number, operator in enumerate(self._operators, start=1):
            values = spectrum(operator, MOST_NUMBERS).value_K
            if values is None:
                continue
            place = numpy.unique(numpy.linspace(0, len(values) - 1, MOST_VALUES).round().astype(int))
            columns = {"x": float(number), "y": place + 1.0, "value": values.numpy()[place]}
            parts.append(figure_table({"signature": signature, "figure": "spectrum", **columns}))
        return parts


def _boundary(module: Module, state: dict[str, Tensor], x: numpy.ndarray, signature: str) -> pandas.DataFrame:
    """Over a grid of the plane: the probability of class 1 of two, the most probable class of more."""
    low, high = x.min(axis=0), x.max(axis=0)
    axes = numpy.linspace(low - MARGIN * (high - low), high + MARGIN * (high - low), GRID)
    points = numpy.stack(numpy.meshgrid(axes[:, 0], axes[:, 1], indexing="xy"), axis=-1).reshape(-1, 2)
    kind = next(value for value in state.values() if value.is_floating_point())
    module.to(kind.device, kind.dtype).load_state_dict(state)
    module.eval()
    with torch.no_grad():
        outputs = module(torch.as_tensor(points, dtype=kind.dtype, device=kind.device)).double().cpu()
    value = torch.sigmoid(outputs[:, 0]) if outputs.shape[1] == 1 else outputs.argmax(dim=1)
    columns = {"x": points[:, 0], "y": points[:, 1], "value": value.numpy().astype(float)}
    return figure_table({"signature": signature, "figure": "boundary", **columns})


def _data(x: list[numpy.ndarray], label: list[numpy.ndarray], signature: str) -> pandas.DataFrame:
    """Points of all splits and their classes."""
    points = numpy.concatenate([of_split[:MOST_SAMPLES] for of_split in x])
    value = numpy.concatenate([of_split[:MOST_SAMPLES] for of_split in label]).astype(float)
    columns = {"x": points[:, 0], "y": points[:, 1], "value": value}
    return figure_table({"signature": signature, "figure": "data", **columns})
