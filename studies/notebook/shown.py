"""What shows itself in a notebook, and says itself elsewhere: a plan, a figure, a report."""

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path

from analysis.figures import legible, rendered
from analysis.report.elements.section import Picture
from analysis.report.html import as_source
from spectra_tune.results import Tables
from studies.command.report import write

PAGE = "report.html"

HEIGHT = "40rem"
"""Of a report among cells: it scrolls."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a study will do; `text` as `spectra-tune show` prints it."""

    text: str

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return f'<pre style="white-space: pre-wrap">{escape(self.text)}</pre>'


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One of the report's pictures, drawn when it is asked for; `picture.draw()` gives it as matplotlib has it."""

    picture: Picture
    names: list[str]  # that people gave: some are too long for a picture

    def __repr__(self) -> str:
        return f"<figure: {self.picture.shows}>"

    def rendered(self, kind: str = "svg") -> bytes:
        """The file's content: "svg", "png" or "pdf"."""
        return self._drawn(kind)[0]

    def _drawn(self, kind: str) -> tuple[bytes, dict[str, str]]:
        """And what numbers in it stand for."""
        figure = self.picture.draw()
        numbers = legible(figure, self.names)
        return rendered(figure, kind), numbers

    def _repr_html_(self) -> str:
        svg, numbers = self._drawn("svg")
        stands = "; ".join(f"{number} is {name}" for number, name in numbers.items())
        shows = escape(f"{self.picture.shows}{f'. In the picture {stands}' if stands else ''}")
        image = f'<img src="{as_source(svg)}" alt="{shows}" style="max-width: 100%">'
        return f"<figure>{image}<figcaption>{shows}</figcaption></figure>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A study's report or what a paper needs of it: files by name, of which a notebook shows the page."""

    name: str
    files: Mapping[str, bytes]
    tables: Tables

    def __repr__(self) -> str:
        return f"<report of {self.name}: {len(self.files)} files; write(folder) puts them there>"

    def write(self, folder: str | Path) -> None:
        """Puts the files and the tables into a folder, which is made."""
        write(Path(folder), dict(self.files), self.tables)

    def _repr_html_(self) -> str | None:
        """The page in a frame of its own, which runs no script; of files for a paper there is none."""
        if PAGE not in self.files:
            return None
        page = escape(self.files[PAGE].decode())
        look = f"width: 100%; height: {HEIGHT}; border: 1px solid #ccc"
        return f'<iframe srcdoc="{page}" sandbox="allow-popups" style="{look}" title="{escape(self.name)}"></iframe>'
