"""The end of a command whose cluster is gone."""

import os
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TypeVar

from rich.console import Console

from spectra_tune import tracking
from spectra_tune.cluster import Head
from spectra_tune.design import Block
from spectra_tune.launching.block_store import ended_blocks
from spectra_tune.launching.parts import left, named_parts
from spectra_tune.lock import Lock
from studies.command import recording
from studies.command.console import say

PATIENCE_S = 5.0
"""For each place that is asked at the end: it may have been on the machine that is gone."""

LOST_CLUSTER = 1

T = TypeVar("T")


def end_without_cluster(
    console: Console,
    head: Head,
    folder: str,
    blocks: Mapping[str, Block],
    again: str,
    tracker: tracking.Tracker,
    lock: Lock,
) -> None:
    """Says what is kept and ends this process: whatever waits in Ray waits for ever. blocks: none before they begin."""
    kept = _tried(lambda: _kept(folder, blocks))
    line = f"stopped: {head.name} is gone; {kept or f'{folder} does not say how many blocks it keeps'}: {again}"
    console.show_cursor()  # a live display has hidden it
    say(console, f"\n{line}")
    _tried(lambda: recording.stop(tracker, "FAILED"))
    _tried(lock.release)
    os._exit(LOST_CLUSTER)


def _kept(folder: str, blocks: Mapping[str, Block]) -> str:
    if not blocks:
        return f"{len(ended_blocks(f'{folder}-search'))} trials of the search are kept"
    of_parts = left(blocks, named_parts(ended_blocks(folder), blocks).values())
    return f"{len(blocks) - len(of_parts)} of {len(blocks)} blocks are kept"


def _tried(do: Callable[[], T]) -> T | None:
    """What it gives; None where it raises or takes too long."""
    given: list[T] = []

    def call() -> None:
        with suppress(Exception):  # whatever a place that went away raises
            given.append(do())

    trying = threading.Thread(target=call, daemon=True)
    trying.start()
    trying.join(PATIENCE_S)
    return given[0] if given else None
