"""Graphs whose nodes are classified, some of them being known; US counties (data/elections.npz; see data/NOTICE.md)."""

from dataclasses import dataclass
from functools import cache

import numpy
from numpy import ndarray

from spectra_tune.errors import InvalidStudy
from spectra_tune.tasks import shipped
from spectra_tune.tasks.splits import rows_of

FEATURES = ("college", "homeownership", "income")


@dataclass(frozen=True, kw_only=True, eq=False)
class Graph:
    """What a task knows of all its nodes: features (nodes, numbers) float32, edges (edges, 2) int64.

    An edge joins two nodes by their numbers; it has no direction and is there once.
    """

    features: ndarray
    edges: ndarray

    def __post_init__(self):
        nodes = len(self.features)
        if self.features.ndim != 2 or not numpy.isfinite(self.features).all():
            raise InvalidStudy(
                f"a graph's features must be finite numbers (nodes, numbers), got {self.features.shape} of "
                f"{self.features.dtype}"
            )
        if self.edges.ndim != 2 or self.edges.shape[1] != 2 or self.edges.dtype.kind not in "iu":
            raise InvalidStudy(
                f"a graph's edges must be pairs of nodes' numbers (edges, 2), got {self.edges.shape} of "
                f"{self.edges.dtype}"
            )
        nowhere = ((self.edges < 0) | (self.edges >= nodes)).any(axis=1)
        if nowhere.any():
            place = int(nowhere.argmax())
            raise InvalidStudy(
                f"an edge must join two of the {nodes} nodes 0 … {nodes - 1}, edge {place} is "
                f"{tuple(self.edges[place].tolist())}"
            )
        _check_once(self.edges)

    def normalised(self) -> tuple[ndarray, ndarray, ndarray]:
        """D^-1/2 (A + I) D^-1/2 as rows, columns int64 and values float64 of its non-zeros; its norm is 1.

        Source: Kipf & Welling 2017, eq. 2.
        """
        itself = numpy.arange(len(self.features))
        one, other = self.edges.T.astype(numpy.int64)
        rows, columns = numpy.concatenate((one, other, itself)), numpy.concatenate((other, one, itself))
        degree = numpy.bincount(rows, minlength=len(self.features))
        return rows, columns, (degree[rows] * degree[columns]) ** -0.5


def _check_once(edges: ndarray) -> None:
    """Refuses an edge from a node to itself, and one that is there twice, in either direction."""
    loop = edges[:, 0] == edges[:, 1]
    if loop.any():
        raise InvalidStudy(f"an edge must join two different nodes, edge {int(loop.argmax())} joins one to itself")
    pairs, counts = numpy.unique(numpy.sort(edges, axis=1), axis=0, return_counts=True)
    if (counts > 1).any():
        raise InvalidStudy(f"an edge must be there once, {tuple(pairs[counts.argmax()].tolist())} is there again")


def node_numbers(rows: ndarray) -> ndarray:
    """x (samples, 1) int64 of these nodes."""
    return rows.astype(numpy.int64)[:, None]


def elections(split: str, seed: int, *, samples: int) -> tuple[ndarray, ndarray]:
    """x (samples, 1) int64, counties' numbers, and which third of all turnouts theirs is in."""
    turnout = shipped.arrays("elections.npz")["turnout"]
    thirds = numpy.searchsorted(numpy.quantile(turnout, (1 / 3, 2 / 3)), turnout).astype(numpy.int64)
    rows = rows_of(split, seed, len(turnout), samples)
    return node_numbers(rows), thirds[rows]


@cache
def elections_graph() -> Graph:
    """Counties with three features of mean 0 and standard deviation 1, and their borders."""
    held = shipped.arrays("elections.npz")
    features = numpy.stack([held[name] for name in FEATURES], axis=1)
    scaled = (features - features.mean(axis=0)) / features.std(axis=0)
    return Graph(features=scaled.astype(numpy.float32), edges=held["edges"].astype(numpy.int64))
