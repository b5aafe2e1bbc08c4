"""What pictures of trained members need: outputs over the plane, the data, whole spectra."""

from collections.abc import Iterable

import numpy
import pandas
import torch

from spectra_tune.engine.stacked.program import Program
from spectra_tune.results import figure_table

GRID = 81
"""Points on each side of the plane's grid."""

MARGIN = 0.05
"""Of the data's span, added on each side."""

MOST_SAMPLES = 2000
"""Of each split, of the data that a picture shows."""

SPECTRA_SEEDS = 4
"""Seeds whose spectra are kept."""


def figure_data(programs: Iterable[Program], seeds: tuple[int, ...]) -> pandas.DataFrame:
    """The figure table of finished programs: boundaries and data of the first seed, spectra of the first few."""
    parts = []
    for program in programs:
        for slot, member in enumerate(program.members):
            if slot in program.diverged or member.seed not in seeds[:SPECTRA_SEEDS]:
                continue
            weights = {name: value[slot] for name, value in program.parameters.items()}
            parts += [_spectrum(weights[name], layer, member.signature) for layer, name in _regularized(program)]
            if member.seed == seeds[0] and program.features == 2:
                parts += [_boundary(program, weights, member.seed, member.signature)]
                parts += [_data(program, member.seed, member.signature)]
    return pandas.concat(parts, ignore_index=True) if parts else figure_table({})


def _regularized(program: Program) -> Iterable[tuple[int, str]]:
    return enumerate(program.network.regularized, start=1)


def _spectrum(weight_OI: torch.Tensor, layer: int, signature: str) -> pandas.DataFrame:
    """All singular values, largest first: x is the layer, y the place."""
    values = torch.linalg.svdvals(weight_OI.double().cpu()).numpy()
    columns = {"x": float(layer), "y": numpy.arange(1.0, len(values) + 1), "value": values}
    return figure_table({"signature": signature, "figure": "spectrum", **columns})


def _boundary(program: Program, weights: dict[str, torch.Tensor], seed: int, signature: str) -> pandas.DataFrame:
    """Over a grid of the plane: the probability of class 1 of two, the most probable class of more."""
    x = numpy.concatenate([program.drawn(split, seed).x for split in program.splits])
    low, high = x.min(axis=0), x.max(axis=0)
    axes = numpy.linspace(low - MARGIN * (high - low), high + MARGIN * (high - low), GRID)
    points = numpy.stack(numpy.meshgrid(axes[:, 0], axes[:, 1], indexing="xy"), axis=-1).reshape(-1, 2)
    kind = next(iter(weights.values()))
    with torch.no_grad():
        outputs = program.network.forward(weights, torch.as_tensor(points, dtype=kind.dtype, device=kind.device))
    outputs = outputs.double().cpu()
    value = torch.sigmoid(outputs[:, 0]) if outputs.shape[1] == 1 else outputs.argmax(dim=1)
    columns = {"x": points[:, 0], "y": points[:, 1], "value": value.numpy().astype(float)}
    return figure_table({"signature": signature, "figure": "boundary", **columns})


def _data(program: Program, seed: int, signature: str) -> pandas.DataFrame:
    """Points of all splits and their classes."""
    drawn = [program.drawn(split, seed) for split in program.splits]
    x = numpy.concatenate([one.x[:MOST_SAMPLES] for one in drawn])
    label = numpy.concatenate([one.y[:MOST_SAMPLES] for one in drawn])
    columns = {"x": x[:, 0], "y": x[:, 1], "value": label.astype(float)}
    return figure_table({"signature": signature, "figure": "data", **columns})
