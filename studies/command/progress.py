"""The live display of a study: a bar in a terminal, a plain line per finished block elsewhere."""

import time

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn


class Display:
    """Shows blocks and runs done while a study trains; use as a context manager."""

    def __init__(self, console: Console, runs_by_block: dict[str, int], unit: str = "blocks"):
        self._console, self._unit = console, unit
        self._runs = runs_by_block
        self._share = dict.fromkeys(runs_by_block, 0.0)
        self._done: set[str] = set()
        self._failed: set[str] = set()
        self._begin = time.monotonic()
        self._live = console.is_terminal and not console.quiet
        self._note = ""
        self._bar = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=None),
            MofNCompleteColumn(),
            TextColumn(f"{unit}, {{task.fields[speed]}}"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(compact=True, elapsed_when_finished=True),
            console=console,
            disable=not self._live,
        )
        self._task = self._bar.add_task("starting", total=len(runs_by_block), speed="…")

    def __enter__(self) -> "Display":
        self._bar.start()
        return self

    def __exit__(self, *raised) -> None:
        self._bar.stop()

    def say(self, line: str) -> None:
        """A line above the bar."""
        self._console.print(line, highlight=False, markup=False)

    def note(self, text: str) -> None:
        """A word on what was found so far, beside the bar."""
        self._note = f"; {text}" if text else ""

    def update(self, block: str, epoch: int, epochs: int, *, finished: bool, error: str | None) -> None:
        """Notes how far a block is."""
        self._share[block] = 1.0 if finished else epoch / max(epochs, 1)
        if finished and block not in self._done:
            self._done.add(block)
            if error:
                self._failed.add(block)
                self.say(f"failed    {block}: {error}")
            elif not self._live:
                self.say(f"finished  {block}  ({len(self._done)} of {len(self._runs)} {self._unit}, {self._speed()})")
        failed = f", {len(self._failed)} failed" if self._failed else ""
        running = sum(0 < share < 1 for share in self._share.values())
        self._bar.update(
            self._task,
            completed=sum(self._share.values()),
            description=f"training, {running} running{failed}{self._note}",
            speed=self._speed(),
        )

    def _speed(self) -> str:
        trained = sum(self._runs[block] * share for block, share in self._share.items())
        return f"{trained / max(time.monotonic() - self._begin, 1e-9):.1f} runs/s"
