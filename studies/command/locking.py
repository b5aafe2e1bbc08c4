"""What keeps a second process from running a study that one runs already."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console

from spectra_tune import launching, tracking
from spectra_tune.credentials import without_secrets
from spectra_tune.launching.block_store import within
from spectra_tune.lock import Lock, Place, check_free
from studies.command.catalogue import Named
from studies.command.console import say

TAKEN_OVER = 1


def check_nobody_runs(named: Named, recorded: tracking.Execution | None, uri: str, place: str) -> None:
    """Refuses a study that a living process runs."""
    for one in _places(named, recorded, uri, place):
        check_free(named.name, one)


@contextmanager
def locked(
    talk: Console, named: Named, recorded: tracking.Execution | None, uri: str, place: str, *, take_over: bool
) -> Iterator[Lock]:
    """Holds the study in its storage, and in MLflow where it has a record; whom it takes over from is said."""
    with Lock(named.name, _stop) as lock:
        for one in _places(named, recorded, uri, place):
            left = lock.take(one, take_over=take_over)
            if left is not None:
                say(talk, f"taken over from {left}, which runs no more")
        yield lock


def _places(named: Named, recorded: tracking.Execution | None, uri: str, place: str) -> list[Place]:
    in_storage = launching.StorageFile(within(place, named.name), launching.LOCK)
    return [in_storage] if recorded is None else [in_storage, tracking.ParentLock(uri, recorded.run_id)]


def _stop(line: str) -> None:
    """Ends this process at once: what it wrote from here on would be there twice."""
    print(f"\nstopped: {without_secrets(line)}", file=sys.stderr, flush=True)
    os._exit(TAKEN_OVER)
