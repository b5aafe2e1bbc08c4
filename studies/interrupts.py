"""What signals do to a study: the first Ctrl-C ends it gracefully, the second at once."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

INTERRUPTED = 130


@contextmanager
def second_at_once() -> Iterator[None]:
    """While Tune trains, it takes the first SIGINT, saves and ends; the handler that was there before gets the second.

    Nothing is lost by ending at once: what was not saved is trained again, with equal bits. Afterwards SIGINT does
    what it did before: Tune leaves its handler there, and would swallow one.
    """

    def at_once(*_) -> None:
        print("\ninterrupted at once; the same command with --resume continues", file=sys.stderr, flush=True)
        os._exit(INTERRUPTED)

    before = signal.signal(signal.SIGINT, at_once)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
