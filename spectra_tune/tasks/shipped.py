"""Data that come with the package, unpacked (data/; data/NOTICE.md says where they are from)."""

import gzip
from functools import cache
from importlib.resources import files

import numpy
from numpy import ndarray

DATA = files("spectra_tune.tasks") / "data"


@cache
def arrays(name: str) -> dict[str, ndarray]:
    """The arrays of a .npz file."""
    with (DATA / name).open("rb") as opened, numpy.load(opened, allow_pickle=False) as held:
        return dict(held)


@cache
def text(name: str) -> str:
    """What a gzipped text says."""
    return gzip.decompress((DATA / name).read_bytes()).decode()
