"""What all pictures share: canvas, colours and markers of arms, panels, bytes."""

import io
import math
from collections.abc import Iterable, Mapping

import matplotlib
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_pdf import FigureCanvasPdf
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.text import Text

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#f0e442")
"""Okabe and Ito's colour-blind safe colours; `none` is always dark grey."""

MARKERS = ("o", "s", "D", "^", "v", "P", "X")
"""They tell the arms apart in grey."""

DPI = 150
"""Dots per inch of a PNG."""

OF_NONE = ("#444444", "o")


def styles(arms: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Colour and marker of each arm, the same in every picture of a study: by its place among the arms."""
    others = [arm for arm in arms if arm != "none"]
    found = {arm: (COLOURS[at % len(COLOURS)], MARKERS[1:][at % (len(MARKERS) - 1)]) for at, arm in enumerate(others)}
    return {"none": OF_NONE, **found}


def canvas(width: float, height: float) -> Figure:
    """An empty figure, inches, that belongs to no window system."""
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def panels(count: int, *, width: float = 2.7, height: float = 2.4, most_columns: int = 4):
    """A figure with `count` axes in a grid, and the axes in reading order."""
    columns = min(count, most_columns)
    rows = math.ceil(count / columns)
    figure = canvas(width * columns + 0.5, height * rows + 0.6)
    axes = list(figure.subplots(rows, columns, squeeze=False).ravel())
    for spare in axes[count:]:
        spare.set_visible(False)
    return figure, axes[:count]


def bare(axes: Axes, *sides: str) -> None:
    """Takes the frame's sides away."""
    for side in sides or ("top", "right"):
        axes.spines[side].set_visible(False)


BESIDE_IN, LETTER_IN = 0.55, 0.062
"""Inches of a legend's entry, beside its letters and for each of them."""


def legend(figure: Figure, handles: Mapping[str, Artist]) -> None:
    """One legend for all panels, below them."""
    if handles:
        fitting = int(figure.get_figwidth() / (BESIDE_IN + LETTER_IN * max(map(len, handles))))
        figure.legend(
            list(handles.values()),
            list(handles),
            loc="outside lower center",
            ncols=max(1, min(len(handles), 5, fitting)),
            frameon=False,
            fontsize=8,
        )


def rendered(figure: Figure, kind: str) -> bytes:
    """The figure as "png", "svg" or "pdf", equal bytes for equal figures. A $ in a text is no mathematics."""
    out = io.BytesIO()
    figure.dpi = DPI  # a vector format leaves its own
    for text in figure.findobj(Text):
        assert isinstance(text, Text)
        text.set_parse_math(False)
    with matplotlib.rc_context(
        {"svg.hashsalt": "spectra-tune", "svg.fonttype": "none", "text.parse_math": False}  # ticks are made while drawn
    ):
        # Figure.savefig would draw all twice, the first time to lay it out: drawing once does that, too.
        if kind == "svg":
            FigureCanvasSVG(figure).print_svg(out, metadata={"Date": None})
        elif kind == "pdf":
            FigureCanvasPdf(figure).print_pdf(out)
        elif kind == "png":
            FigureCanvasAgg(figure).print_png(out)
        else:
            raise ValueError(f"a picture is png, svg or pdf, got {kind!r}")
    figure.set_layout_engine("none")  # laid out now: the next kind need not be
    return out.getvalue()
