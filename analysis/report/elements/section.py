"""Section: one part of the report, with its sentences, tables and pictures."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import pandas
from matplotlib.figure import Figure


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A picture that is drawn when it is asked for, and what it shows."""

    draw: Callable[[], Figure]
    shows: str
    draw_narrow: Callable[[], Figure] | None = None  # for the width of a telephone, where the whole cannot be read


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Markdown under a heading of its own; whole tables and pictures by the names of their files, without an ending."""

    lines: Sequence[str]  # the last one empty
    tables: Mapping[str, pandas.DataFrame] = field(default_factory=dict)  # an empty one has no file
    pictures: Mapping[str, Picture] = field(default_factory=dict)  # below the lines, in this order
    notes: Sequence[str] = ()  # what the pictures leave out
