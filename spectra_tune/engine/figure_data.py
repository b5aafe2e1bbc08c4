"""What pictures of trained members need: outputs over the plane, the data, whole spectra."""

from collections.abc import Iterable

import numpy
import pandas
import torch
from torch import Tensor
from torch.nn import Module

from spectra_tune.engine.members.draws import Draw
from spectra_tune.engine.members.generators import seed_of, seeded
from spectra_tune.engine.members.trainer import Trainer
from spectra_tune.objectives import CLASSIFICATION, objective_of
from spectra_tune.results import figure_table

GRID = 81
"""Points on each side of the plane's grid."""

MARGIN = 0.05
"""Of the data's span, added on each side."""

MOST_SAMPLES = 2000
"""Of each split, of the data that a picture shows."""

SPECTRA_SEEDS = 4
"""Seeds whose spectra are kept."""


def figure_data(trainers: Iterable[Trainer], draw: Draw, seeds: tuple[int, ...]) -> pandas.DataFrame:
    """The figure table of finished members: boundaries and data of the first seed, spectra of the first few."""
    parts = []
    for trainer in trainers:
        states = trainer.states()
        for slot, member in enumerate(trainer.members):
            if slot in trainer.diverged or member.seed not in seeds[:SPECTRA_SEEDS]:
                continue
            parts += [
                _spectrum(states[slot][trainer.regularized[layer - 1]], layer, member.signature)
                for layer in trainer.matrices
            ]
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


def _spectrum(weight: Tensor, layer: int, signature: str) -> pandas.DataFrame:
    """All singular values, largest first: x is the layer, y the place."""
    values = torch.linalg.svdvals(weight.double().cpu()).numpy()
    columns = {"x": float(layer), "y": numpy.arange(1.0, len(values) + 1), "value": values}
    return figure_table({"signature": signature, "figure": "spectrum", **columns})


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
