"""Time of a call, and calls whose repeats take turns."""

import gc
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from threadpoolctl import threadpool_limits


def seconds(function: Callable[[], Any], clock: Callable[[], float] = time.process_time) -> float:
    """Seconds of one call by a clock; the default counts this process's CPU time, whoever else is on the machine."""
    gc.collect()
    begin = clock()
    function()
    return clock() - begin


def interleaved(
    *functions: Callable[[], Any], repeats: int, clock: Callable[[], float] = time.process_time
) -> list[list[float]]:
    """Seconds of each function in each repeat: repeats x functions. Every second repeat goes backwards."""
    taken = []
    for repeat in range(repeats):
        order = range(len(functions)) if repeat % 2 == 0 else reversed(range(len(functions)))
        by_function = {index: seconds(functions[index], clock) for index in order}
        taken.append([by_function[index] for index in range(len(functions))])
    return taken


@contextmanager
def one_thread() -> Iterator[None]:
    """torch and numpy compute in one thread: of more, those that wait would spin, and count as CPU time."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with threadpool_limits(1):
            yield
    finally:
        torch.set_num_threads(before)
