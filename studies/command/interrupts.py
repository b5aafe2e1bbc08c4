"""What signals do to a study: the first Ctrl-C ends it gracefully, the second at once."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

INTERRUPTED = 130


class ReaderGone(KeyboardInterrupt):
    """Nobody reads the output any more: as in `… | head`."""


_GOES_ON = False


def at_once(*_) -> None:
    """Ends this process, or what it does where it goes on. Nothing is lost: what was not saved is trained again, with
    equal bits."""
    if _GOES_ON:
        raise KeyboardInterrupt
    print("\ninterrupted at once; the same command with --resume continues", file=sys.stderr, flush=True)
    os._exit(INTERRUPTED)


@contextmanager
def second_at_once() -> Iterator[None]:
    """While Tune trains, it takes the first SIGINT, saves and ends; the handler that was there before gets the second.

    Afterwards SIGINT does what it did before: Tune leaves its handler there, and would swallow one.
    """
    before = signal.signal(signal.SIGINT, at_once)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def process_goes_on() -> Iterator[None]:
    """While this lasts, no interrupt ends the process, which is a notebook's; afterwards SIGINT does what it did."""
    global _GOES_ON
    before, _GOES_ON = signal.getsignal(signal.SIGINT), True
    try:
        yield
    finally:
        _GOES_ON = False
        signal.signal(signal.SIGINT, before)


def next_at_once() -> None:
    """From here to the end of this process, which the first SIGINT has begun, the next one ends it at once."""
    signal.signal(signal.SIGINT, at_once)


@contextmanager
def sigterm_interrupts() -> Iterator[None]:
    """While this lasts, SIGTERM does what SIGINT does at that moment, or would do where SIGINT is ignored; afterwards
    it does what it did before.
    """
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _interrupt(_: int, frame: FrameType | None) -> None:
    handler = signal.getsignal(signal.SIGINT)
    (handler if callable(handler) else signal.default_int_handler)(signal.SIGINT, frame)


def reader_gone() -> None:
    """Does what Ctrl-C does at that moment: Tune stops and saves; where nothing trains, ReaderGone ends the command."""
    handler = signal.getsignal(signal.SIGINT)
    if not callable(handler) or handler in (signal.default_int_handler, at_once):
        raise ReaderGone
    with suppress(OSError):
        print("spectra-tune: nobody reads the output any more: stopping in order", file=sys.stderr, flush=True)
    handler(signal.SIGINT, None)
