"""Bayes' decision between classes that lie on arcs with Gaussian noise.

Axes: N point, P place on an arc.
"""

from collections.abc import Callable

import numpy
from numpy import ndarray

MOST_PLACES = 2048
"""On an arc. Where noise would need more, it is so small that the nearest arc is the most probable one: the two
decisions differ by about noise_std**2 / (distance of the arcs), far below what a grid over the data can show."""

FEWEST_PLACES = 256

LARGEST_TABLE = 2**17
"""Numbers in a table of points x places."""


def most_probable(points: ndarray, arcs: list[Callable[[ndarray], ndarray]], noise_std: float) -> ndarray:
    """The class (points,) int64 of highest density at each of the points (points, 2); classes are equally frequent.

    arcs: of each class, its place in the plane (…, 2) for a parameter that is uniform on [0, 1]. Its density is that of
    the places at the middles of so many equal parts of [0, 1] that neighbours are at most half a noise_std apart, each
    with Gaussian noise: exact to about 1 % at an arc's ends and to 1e-8 elsewhere. Without noise the nearest arc.
    """
    finest = [numpy.linalg.norm(numpy.diff(arc(_middles(MOST_PLACES)), axis=0), axis=1).max() for arc in arcs]
    widest = max(finest) * MOST_PLACES  # of an arc's neighbours, times the number of places
    needed = max(FEWEST_PLACES, int(numpy.ceil(2 * widest / noise_std))) if noise_std > 0 else numpy.inf
    places = [arc(_middles(int(min(needed, MOST_PLACES)))) for arc in arcs]
    rows = max(1, LARGEST_TABLE // len(places[0]))
    parts = [points[start : start + rows] for start in range(0, len(points), rows)]
    labels = [
        numpy.argmax([_log_density(part, place, noise_std if needed <= MOST_PLACES else 0) for place in places], axis=0)
        for part in parts
    ]
    return numpy.concatenate(labels).astype(numpy.int64) if labels else numpy.empty(0, numpy.int64)


def _middles(count: int) -> ndarray:
    return (numpy.arange(count) + 0.5) / count


def _log_density(points: ndarray, places: ndarray, noise_std: float) -> ndarray:
    """Logarithm of an arc's density at each point, but for terms that all arcs share; noise 0: of its nearest place.

    In single precision: that moves a boundary by about 1e-7 of the distance of the arcs.
    """
    scale = noise_std**2 if noise_std > 0 else 1.0
    of_point = numpy.column_stack((points, numpy.ones(len(points)))).astype(numpy.float32)
    of_place = numpy.column_stack((places, -(places**2).sum(axis=1) / 2)).astype(numpy.float32) / numpy.float32(scale)
    exponent_NP = of_point @ of_place.T
    largest_N1 = exponent_NP.max(axis=1, keepdims=True)
    if noise_std == 0:
        return largest_N1[:, 0]
    exponent_NP -= largest_N1
    numpy.exp(exponent_NP, out=exponent_NP)
    return largest_N1[:, 0] + numpy.log(exponent_NP.sum(axis=1))
