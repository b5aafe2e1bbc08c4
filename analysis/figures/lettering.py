"""Names in pictures: letters that the font lacks come from another, and what cannot be drawn is numbered."""

import re
from collections.abc import Iterable
from functools import cache

from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.text import Text
from matplotlib.ticker import FixedLocator

FALLBACKS = ("DejaVu Sans", "STIXGeneral")
"""Fonts that come with matplotlib."""

LONGEST = 60
"""Characters of a name that a picture has room for."""

BEGINNING = 24
"""Characters that are shown of a longer one."""


def legible(figure: Figure, names: Iterable[str]) -> dict[str, str]:
    """Makes a figure's texts drawable; gives what each number in it, such as `[1]`, stands for.

    names: what people named in the study, always in one order. A name with letters that no font of matplotlib has, or
    with more letters than there is room for, has its number in every picture.
    """
    lettering = _Lettering(names)
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            lettering.write_ticks(axis)
    for text in figure.findobj(Text):
        assert isinstance(text, Text)
        lettering.write(text)
    return dict(sorted(lettering.used.items(), key=lambda used: int(used[0].strip("[]"))))


def numbered(names: Iterable[str]) -> dict[str, str]:
    """How pictures write each of the names that they cannot write in full."""
    known = _characters(FontProperties())
    written: dict[str, str] = {}
    for name in dict.fromkeys(names):
        drawable = not _lacking(name, known)
        if not drawable or len(name) > LONGEST:
            number = f"[{len(written) + 1}]"
            written[name] = f"{name[:BEGINNING].rstrip()}… {number}" if drawable else number
    return written


class _Lettering:
    """Writes the texts of one figure."""

    def __init__(self, names: Iterable[str]):
        self._written = numbered(names)
        self.used: dict[str, str] = {}

    def write_ticks(self, axis: Axis) -> None:
        """Names that stand at ticks."""
        if not isinstance(axis.get_major_locator(), FixedLocator):
            return
        before = [label.get_text() for label in axis.get_ticklabels()]
        after = [self._said(text, FontProperties()) for text in before]
        if after != before:
            axis.set_ticklabels(after)

    def write(self, text: Text) -> None:
        said, font = text.get_text(), text.get_fontproperties()
        after = self._said(said, font)
        if after != said:
            text.set_text(after)
        if _lacking(after, _characters(font, fallbacks=())):
            text.set_fontfamily([*font.get_family(), *FALLBACKS])

    def _said(self, text: str, font: FontProperties) -> str:
        for name in sorted(self._written, key=len, reverse=True):
            if name in text:
                text = text.replace(name, self._written[name])
                self._use(name)
        lacking = _lacking(text, _characters(font))
        if not lacking:
            return text
        runs = f"[{re.escape(lacking)}]+(?:\\s+[{re.escape(lacking)}]+)*"
        return re.sub(runs, lambda run: self._numbered_run(run[0]), text)

    def _numbered_run(self, run: str) -> str:
        """Letters that are in no name, such as those of a metric."""
        if run not in self._written:
            self._written[run] = f"[{len(self._written) + 1}]"
        self._use(run)
        return self._written[run]

    def _use(self, name: str) -> None:
        self.used[self._written[name].rpartition(" ")[2]] = name


def _lacking(text: str, known: frozenset[str]) -> str:
    """The characters of a text that are in no font, each once."""
    return "".join(dict.fromkeys(letter for letter in text if letter not in known and not letter.isspace()))


def _characters(font: FontProperties, fallbacks: Iterable[str] = FALLBACKS) -> frozenset[str]:
    """What can be drawn in a font of its families, or of those that stand in for them."""
    return _in_fonts(font.copy(), (*font.get_family(), *fallbacks))


@cache
def _in_fonts(font: FontProperties, families: tuple[str, ...]) -> frozenset[str]:
    found: frozenset[str] = frozenset()
    for family in families:
        one = font.copy()
        one.set_family(family)
        found |= frozenset(map(chr, get_font(findfont(one)).get_charmap()))
    return found
