"""The live display of a study: words and a bar in a terminal or a notebook, plain lines elsewhere."""

import time
from collections.abc import Callable, Iterable
from typing import NamedTuple, Protocol

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.text import Text

from studies.command.console import carried, say, wrapped

MOST_LINES = 3
"""Of words above the bar."""

NARROW = 60
"""Columns below which the time that has passed gives way."""

SILENT_S = 60.0
"""After which a line says how far it is, where there is no bar."""


class Bar(Protocol):
    """What stays in its place and says how much is done."""

    def start(self) -> None: ...

    def show(self, words: str, done: float, speed: str) -> None:
        """Words, how many of all are done, and how fast that goes."""
        ...

    def stop(self) -> None: ...


BarOf = Callable[[Console, int, str], Bar | None]
"""The bar of so many, in their unit; None where lines must do."""


def bar_in_terminal(console: Console, total: int, unit: str) -> Bar | None:
    """A bar at the bottom of a terminal; none in a pipe, or where nothing is to be said."""
    return _InTerminal(console, total, unit) if console.is_interactive and not console.quiet else None


class _InTerminal:
    def __init__(self, console: Console, total: int, unit: str):
        elapsed = [TimeElapsedColumn()] if console.width >= NARROW else []
        self._bar = _Bar(
            BarColumn(bar_width=None),
            MofNCompleteColumn(),
            TextColumn(f"{unit}, {{task.fields[speed]}}"),
            *elapsed,
            TextColumn("left"),
            TimeRemainingColumn(compact=True),
            console=console,
        )
        self._task = self._bar.add_task("", total=total, speed="…")

    def start(self) -> None:
        self._bar.start()

    def show(self, words: str, done: float, speed: str) -> None:
        self._bar.words = _Words(words)
        self._bar.update(self._task, completed=done, speed=speed)

    def stop(self) -> None:
        self._bar.stop()


class _Words(NamedTuple):
    """A few lines, wrapped at blanks."""

    text: str

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        lines = wrapped(carried(self.text, console.encoding), options.max_width).splitlines()
        yield Text("\n".join(lines[:MOST_LINES]), no_wrap=True, overflow="ellipsis")


class _Bar(Progress):
    """A bar whose words have lines of their own above it: they never take its room."""

    words = _Words("starting")

    def get_renderables(self) -> Iterable[RenderableType]:
        yield self.words
        yield from super().get_renderables()


class Display:
    """Shows blocks and runs done while a study trains; use as a context manager."""

    def __init__(self, console: Console, bar: BarOf, runs_by_block: dict[str, int], unit: str = "blocks"):
        self._console, self._unit = console, unit
        self._runs = runs_by_block
        self._share = dict.fromkeys(runs_by_block, 0.0)
        self._done: set[str] = set()
        self._failed: set[str] = set()
        self._begin = self._said = time.monotonic()
        self._note = ""
        self._bar = bar(console, len(runs_by_block), unit)

    def __enter__(self) -> "Display":
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(self, *raised) -> None:
        if self._bar is not None:
            self._bar.stop()

    def say(self, line: str) -> None:
        """A line above the bar."""
        say(self._console, line)
        self._said = time.monotonic()

    def note(self, text: str) -> None:
        """A word on what was found so far, above the bar."""
        self._note = f"; {text}" if text else ""

    def update(self, block: str, epoch: float, epochs: int, *, finished: bool, error: str | None) -> None:
        """Notes how far a block is."""
        self._share[block] = 1.0 if finished else epoch / max(epochs, 1)
        if finished and block not in self._done:
            self._done.add(block)
            if error:
                self._failed.add(block)
                self.say(f"failed    {block}: {error}")
            elif self._bar is None:
                self.say(f"finished  {block}  ({len(self._done)} of {len(self._runs)} {self._unit}, {self._speed()})")
        failed = f", {len(self._failed)} failed" if self._failed else ""
        running = sum(0 < share < 1 for share in self._share.values())
        state = f"training, {running} running{failed}"
        if self._bar is not None:
            self._bar.show(f"{state}{self._note}", sum(self._share.values()), self._speed())
        elif time.monotonic() - self._said >= SILENT_S:
            done = f"{len(self._done)} of {len(self._runs)} {self._unit}"
            self.say(f"{state}  ({done}, {self._trained():.0%} trained, {self._speed()}{self._left()})")

    def _trained(self) -> float:
        return sum(self._share.values()) / len(self._share)

    def _left(self) -> str:
        share = self._trained()
        if not share:
            return ""
        seconds = (time.monotonic() - self._begin) * (1 - share) / share
        return f", about {seconds / 60:.0f} min left" if seconds >= 90 else f", about {seconds:.0f} s left"

    def _speed(self) -> str:
        trained = sum(self._runs[block] * share for block, share in self._share.items())
        return f"{trained / max(time.monotonic() - self._begin, 1e-9):.1f} runs/s"
