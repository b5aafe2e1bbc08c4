"""Tables in Markdown."""

from collections.abc import Sequence

MOST_ROWS = 200
"""That a page prints of a table whose whole is in a file beside it."""


def table(heads: Sequence[str], rows: Sequence[Sequence[str]], file: str) -> list[str]:
    """The table's lines and an empty one; of more than MOST_ROWS rows the first, and where the rest is."""
    found = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    found += [f"| {' | '.join(row)} |" for row in rows[:MOST_ROWS]]
    if len(rows) > MOST_ROWS:
        found += ["", f"{len(rows) - MOST_ROWS} of {len(rows)} rows are left out here; `{file}` has all."]
    return [*found, ""]
