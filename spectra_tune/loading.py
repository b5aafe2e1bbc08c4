"""Modules loaded without looking through them for garbage."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


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
