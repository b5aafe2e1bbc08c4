"""The Ray that benchmarks share."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import ray

CPUS = 2


@contextmanager
def local_ray() -> Iterator[None]:
    """A local Ray of two processors, or the one that this process has."""
    own = not ray.is_initialized()
    if own:
        quiet = {"include_dashboard": False, "log_to_driver": False, "logging_level": logging.ERROR}
        ray.init(address="local", num_cpus=CPUS, **quiet)
    try:
        yield
    finally:
        if own:
            ray.shutdown()
