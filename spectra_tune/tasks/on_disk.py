"""Rows of an array: in memory where they fit there, else read from disk where they are needed."""

from typing import Any

import numpy
from numpy import ndarray

IN_MEMORY_BYTES = 2**28
"""Of the rows of one split; more stay on disk."""


class MappedRows:
    """Rows of an array on disk, in an order of their own: `rows[index]` reads some of them."""

    def __init__(self, source: ndarray, rows: ndarray):
        self._source, self._rows = source, rows
        self.shape, self.dtype, self.ndim = (len(rows), *source.shape[1:]), source.dtype, source.ndim

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: Any) -> ndarray:
        return numpy.asarray(self._source[self._rows[index]])

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> ndarray:
        return numpy.asarray(self._source[self._rows], dtype=dtype)


def taken(source: ndarray, rows: ndarray) -> Any:
    """These rows of an array that may be mapped from disk."""
    size = source[:1].nbytes * len(rows)
    mapped = isinstance(source, numpy.memmap) and size > IN_MEMORY_BYTES
    return MappedRows(source, rows) if mapped else numpy.asarray(source[rows])
