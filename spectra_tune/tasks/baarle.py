"""The Belgian-Dutch border of Baarle, from OpenStreetMap's polygons (data/baarle.geojson; ODbL, see beside it)."""

import json
from functools import cache
from importlib.resources import files

import numpy
from numpy import ndarray

from spectra_tune.randomness import derived_seed
from spectra_tune.tasks.plane import TEST_SAMPLES

LONGITUDE = (4.910, 4.956)
LATITUDE = (51.4285, 51.4570)
"""The window, in degrees: 3.2 x 3.2 km, 21.1 % of it Belgian."""

SHARES = {"train": 0.6, "validation": 0.2, "test": 0.2}
"""Of the tiles."""


def border(split: str, seed: int, *, samples: int, tiles: int, data_seed: int | None) -> tuple[ndarray, ndarray]:
    """Points uniform in the split's tiles, in the window's coordinates [-1, 1]^2, and whether they are Belgian."""
    root = seed if data_seed is None else data_seed
    mine = tiles_of(split, root, tiles)
    generator = numpy.random.default_rng(derived_seed(root, "data", split))
    count = TEST_SAMPLES if split == "test" else samples
    row, column = numpy.divmod(mine[generator.integers(len(mine), size=count)], tiles)
    corner = numpy.stack((column, row), axis=1)
    x = (corner + generator.uniform(0, 1, (count, 2))) / tiles * 2 - 1
    return x, is_belgian(*degrees(x)).astype(numpy.int64)


def tiles_of(split: str, seed: int, tiles: int) -> ndarray:
    """Numbers (row * tiles + column) of the split's tiles."""
    order = numpy.random.default_rng(derived_seed(seed, "data", "tiles")).permutation(tiles * tiles)
    ends = numpy.rint(numpy.cumsum(list(SHARES.values())) * len(order)).astype(int)
    parts = dict(zip(SHARES, numpy.split(order, ends[:-1]), strict=True))
    return numpy.sort(parts[split])


def degrees(x: ndarray) -> tuple[ndarray, ndarray]:
    """Longitude and latitude of points (samples, 2) in the window's coordinates."""
    unit = (x + 1) / 2
    longitude = LONGITUDE[0] + unit[:, 0] * (LONGITUDE[1] - LONGITUDE[0])
    return longitude, LATITUDE[0] + unit[:, 1] * (LATITUDE[1] - LATITUDE[0])


def is_belgian(longitude: ndarray, latitude: ndarray) -> ndarray:
    """Whether each point lies in Belgium, by even-odd fill over all rings, holes included.

    Each edge is tested against the points within its span of latitudes only, found by their order.
    """
    order = numpy.argsort(latitude)
    lon, lat = longitude[order], latitude[order]
    inside = numpy.zeros(len(lat), dtype=bool)
    x0, y0, x1, y1 = edges()
    first = numpy.searchsorted(lat, numpy.minimum(y0, y1), side="left")
    last = numpy.searchsorted(lat, numpy.maximum(y0, y1), side="left")
    for edge in numpy.flatnonzero(last > first):
        span = slice(first[edge], last[edge])
        crossing = x0[edge] + (lat[span] - y0[edge]) * (x1[edge] - x0[edge]) / (y1[edge] - y0[edge])
        inside[span] ^= lon[span] < crossing
    belgian = numpy.empty_like(inside)
    belgian[order] = inside
    return belgian


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
