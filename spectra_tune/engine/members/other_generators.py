"""The global generators of numpy and Python, which code of others may draw from.

They are slow to read: they are seeded anew for every epoch and evaluation, and put back once for all.
"""

import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy


def seed_others(seed: int) -> None:
    """The global generators of numpy and Python draw from this seed on."""
    numpy.random.seed(seed)
    random.seed(seed)


@contextmanager
def others_put_back() -> Iterator[None]:
    """Whatever is drawn within from the global generators of numpy and Python: afterwards as if it had not been."""
    of_numpy, of_python = numpy.random.get_state(), random.getstate()
    try:
        yield
    finally:
        numpy.random.set_state(of_numpy)
        random.setstate(of_python)
