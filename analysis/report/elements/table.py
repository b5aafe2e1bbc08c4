"""Tables in Markdown."""

from collections.abc import Sequence

from analysis.report.elements.markdown import literal

MOST_ROWS = 200
"""That a page prints of a table whose whole is in a file beside it."""


def table(heads: Sequence[str], rows: Sequence[Sequence[str]], file: str | None = None) -> list[str]:
    """The table's lines and an empty one. A cell says its text, whatever signs are in it, unless it is Markdown.

    file: has the whole table: of more than MOST_ROWS rows only the first are printed, and where the rest is.
    """
    found = [_row(heads), "|---" * len(heads) + "|"]
    found += [_row(row) for row in (rows if file is None else rows[:MOST_ROWS])]
    if file is not None and len(rows) > MOST_ROWS:
        found += ["", f"{len(rows) - MOST_ROWS} of {len(rows)} rows are left out here; `{file}` has all."]
    return [*found, ""]


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(map(literal, cells))} |"
