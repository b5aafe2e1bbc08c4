"""A grid of panels: a row for each Condition."""

from collections.abc import Sequence
from typing import TypeVar

from analysis.figures.drawing import canvas

MOST_ROWS = 6

T = TypeVar("T")


def spread(items: Sequence[T], most: int = MOST_ROWS) -> list[T]:
    """At most so many of the items, the first and the last among them, evenly apart."""
    if len(items) <= most:
        return list(items)
    return [items[round(at * (len(items) - 1) / (most - 1))] for at in range(most)]


def rows_of_panels(rows: int, columns: int, *, width: float = 2.3, height: float = 2.0):
    """A figure and its axes, row by row."""
    figure = canvas(width * columns + 0.6, height * rows + 0.6)
    return figure, [list(row) for row in figure.subplots(rows, columns, squeeze=False)]
