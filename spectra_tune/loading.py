"""Loaded modules, which are no garbage: less is looked through for some."""

import atexit
import gc
from collections.abc import Iterator
from contextlib import contextmanager

AT_ONCE = 50_000
"""Objects that a command makes between two searches for garbage; Python's own 700 are for programs that make little."""


def collect_seldom() -> None:
    """For a process that is one command: searches are rare, and at its end, where all goes, there is none."""
    gc.set_threshold(AT_ONCE)
    atexit.register(gc.freeze)


@contextmanager
def without_collections() -> Iterator[None]:
    """While this lasts, Python looks for no garbage: what is loaded is none, and the search through it takes a quarter
    of the time that torch, Ray and MLflow take to load."""
    looked = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if looked:
            gc.enable()
