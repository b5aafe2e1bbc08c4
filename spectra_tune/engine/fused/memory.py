"""From named tensors of all members to the tables that the kernel goes by, and the memory that it works in."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy
from torch import Tensor

from spectra_tune.engine.fused.layers import FLOAT, blocks_of_gradient
from spectra_tune.engine.fused.registers import LANES, SUMS, TILE
from spectra_tune.engine.fused.sigma import room_for
from spectra_tune.engine.fused.tables import Layers, Work

TILES = 8
"""That a layer is done for before the next one: so many share its weights, and their numbers fit near the processor."""

LINE = 64
"""Bytes of a cache's line."""


def layers_of(parameters: Mapping[str, Tensor], sizes: Sequence[int]) -> Layers:
    """Where a perceptron's parameters (members, …) lie in their flat buffer. sizes: inputs, layers and outputs."""
    rows, hidden = [], 0
    for layer, (n_in, n_out) in enumerate(pairwise(sizes), start=1):
        weight, bias = parameters[f"layer_{layer}.weight"], parameters[f"layer_{layer}.bias"]
        places = [one.storage_offset() for one in (weight, bias)]
        last = layer == len(sizes) - 1
        error = hidden if last else hidden + n_out * TILE * TILES
        rows.append((n_in, n_out, places[0], *weight.stride()[:2], places[1], *bias.stride()[:2], hidden, error))
        hidden = error + n_out * TILE * TILES
    return Layers(*(numpy.array(column, numpy.int64) for column in zip(*rows, strict=True)))


def work_for(sizes: Sequence[int], samples: int, rows: int) -> Work:
    """Memory for a network of these sizes and batches of so many samples with targets of so many rows."""
    tiles = -(-samples // TILE)
    pairs = list(pairwise(sizes))

    ones = _aligned(TILE)
    ones[:] = 1

    return Work(
        hidden=_aligned(sum(2 * n_out * TILE * TILES for _, n_out in pairs) + LANES),
        sums=_aligned(sum(int(blocks_of_gradient(*pair)) * SUMS for pair in pairs)),
        x=_aligned(tiles * sizes[0] * TILE),
        target=_aligned(tiles * rows * TILE),
        weight=_aligned(tiles * TILE),
        ones=ones,
        room=room_for([(n_out, n_in) for n_in, n_out in pairs]),
        most_tiles=TILES,
    )


def _aligned(count: int) -> numpy.ndarray:
    """So many zeros from a cache line's beginning on: a vector that lay in two would be loaded twice."""
    zeros = numpy.zeros(count + LINE // FLOAT, numpy.float32)
    begin = -zeros.ctypes.data % LINE // FLOAT
    return zeros[begin : begin + count]
