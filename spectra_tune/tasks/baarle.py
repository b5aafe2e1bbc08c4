"""The Belgian-Dutch border of Baarle, from OpenStreetMap's polygons (data/baarle.geojson; ODbL, see beside it)."""

import json
from functools import cache
from importlib.resources import files

import numpy
from numpy import ndarray

from spectra_tune.randomness import derived_seed
from spectra_tune.tasks.plane import TEST_SAMPLES
from spectra_tune.tasks.windows import WINDOWS

SHARES = {"train": 0.6, "validation": 0.2, "test": 0.2}
"""Of the tiles."""


def border(
    split: str, seed: int, *, samples: int, tiles: int, window: str, data_seed: int | None
) -> tuple[ndarray, ndarray]:
    """Points uniform in the split's tiles, in the window's coordinates [-1, 1]^2, and whether they are Belgian."""
    root = seed if data_seed is None else data_seed
    mine = tiles_of(split, root, tiles)
    generator = numpy.random.default_rng(derived_seed(root, "data", split))
    count = TEST_SAMPLES if split == "test" else samples
    row, column = numpy.divmod(mine[generator.integers(len(mine), size=count)], tiles)
    corner = numpy.stack((column, row), axis=1)
    x = (corner + generator.uniform(0, 1, (count, 2))) / tiles * 2 - 1
    return x, border_truth(x, window=window)


def border_truth(points: ndarray, *, window: str) -> ndarray:
    """Whether each point (points, 2) in the window's coordinates is Belgian: 0 or 1."""
    return is_belgian(*degrees(points, window)).astype(numpy.int64)


def tiles_of(split: str, seed: int, tiles: int) -> ndarray:
    """Numbers (row * tiles + column) of the split's tiles."""
    order = numpy.random.default_rng(derived_seed(seed, "data", "tiles")).permutation(tiles * tiles)
    ends = numpy.rint(numpy.cumsum(list(SHARES.values())) * len(order)).astype(int)
    parts = dict(zip(SHARES, numpy.split(order, ends[:-1]), strict=True))
    return numpy.sort(parts[split])


def degrees(x: ndarray, window: str) -> tuple[ndarray, ndarray]:
    """Longitude and latitude of points (samples, 2) in the window's coordinates."""
    longitude, latitude = WINDOWS[window]
    unit = (x + 1) / 2
    east = longitude[0] + unit[:, 0] * (longitude[1] - longitude[0])
    return east, latitude[0] + unit[:, 1] * (latitude[1] - latitude[0])


def is_belgian(longitude: ndarray, latitude: ndarray) -> ndarray:
    """Whether each point lies in Belgium."""
    return is_inside(longitude, latitude, edges())


def is_inside(x: ndarray, y: ndarray, edges: tuple[ndarray, ndarray, ndarray, ndarray]) -> ndarray:
    """Whether each point lies inside polygons, by even-odd fill over the edges of all rings, holes included.

    edges: x and y of the edges' starts, then of their ends. Each edge is tested against the points within its span of y
    only, found by their order.
    """
    order = numpy.argsort(y)
    x_ordered, y_ordered = x[order], y[order]
    inside = numpy.zeros(len(y), dtype=bool)
    x0, y0, x1, y1 = edges
    first = numpy.searchsorted(y_ordered, numpy.minimum(y0, y1), side="left")
    last = numpy.searchsorted(y_ordered, numpy.maximum(y0, y1), side="left")
    for edge in numpy.flatnonzero(last > first):
        span = slice(first[edge], last[edge])
        crossing = x0[edge] + (y_ordered[span] - y0[edge]) * (x1[edge] - x0[edge]) / (y1[edge] - y0[edge])
        inside[span] ^= x_ordered[span] < crossing
    unordered = numpy.empty_like(inside)
    unordered[order] = inside
    return unordered


@cache
def edges() -> tuple[ndarray, ndarray, ndarray, ndarray]:
    """Both ends (longitude, latitude) of every edge of every ring."""
    text = files("spectra_tune.tasks").joinpath("data/baarle.geojson").read_text(encoding="utf-8")
    rings = [
        numpy.array(ring) for feature in json.loads(text)["features"] for ring in feature["geometry"]["coordinates"]
    ]
    starts = numpy.concatenate([ring[:-1] for ring in rings])
    ends = numpy.concatenate([ring[1:] for ring in rings])
    return starts[:, 0], starts[:, 1], ends[:, 0], ends[:, 1]
