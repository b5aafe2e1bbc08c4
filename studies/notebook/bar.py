"""Progress in a notebook: one output that is replaced; elsewhere the terminal's."""

import sys
import time
from html import escape
from typing import Any

from rich.console import Console

from studies.command.progress import Bar, bar_in_terminal

LEAST_S = 0.2
"""Between two pictures of a bar: a notebook keeps up with no more."""


def in_notebook() -> bool:
    """Whether this process is a notebook's kernel; IPython is not loaded for that."""
    ipython = sys.modules.get("IPython")
    return hasattr(ipython.get_ipython() if ipython is not None else None, "kernel")


def bar_here(console: Console, total: int, unit: str) -> Bar | None:
    """The bar of a notebook in one, of a terminal in one; none where nothing is to be said."""
    if not in_notebook():
        return bar_in_terminal(console, total, unit)
    return None if console.quiet else _InNotebook(total, unit)


class _InNotebook:
    def __init__(self, total: int, unit: str):
        self._total, self._unit, self._begin = total, unit, time.monotonic()
        self._handle: Any = None
        self._last = ("starting", 0.0, "…")
        self._drawn = 0.0

    def start(self) -> None:
        from IPython.display import display

        self._handle = display(self._bundle(), raw=True, display_id=True)

    def show(self, words: str, done: float, speed: str) -> None:
        self._last = (words, done, speed)
        if time.monotonic() - self._drawn >= LEAST_S:
            self._draw()

    def stop(self) -> None:
        self._draw()

    def _draw(self) -> None:
        self._drawn = time.monotonic()
        self._handle.update(self._bundle(), raw=True)

    def _bundle(self) -> dict[str, str]:
        """As HTML, and as text where that is not shown."""
        words, done, speed = self._last
        seconds = int(time.monotonic() - self._begin)
        counts = f"{int(done + 1e-9)}/{self._total} {self._unit}, {speed}, {seconds // 60}:{seconds % 60:02d}"
        html = (
            f'<div>{escape(words)}<br><progress value="{done:.3f}" max="{self._total}" style="width: 60%"></progress> '
            f"{escape(counts)}</div>"
        )
        return {"text/html": html, "text/plain": f"{words}; {counts}"}
