"""The fastest matrix product that one thread of this machine was seen to make."""

from collections.abc import Callable
from typing import Any

import numpy
import torch

from benchmarks.clock import seconds

SIDE = 512
CALLS = 10
"""Products in one timing: some tens of milliseconds."""


def peak_gflops(repeats: int) -> float:
    """GFLOP per second of CPU time in float32, the best of all timings: 512^3 by torch's mm, oneDNN and numpy."""
    flops = 2 * SIDE**3 * CALLS
    return max(
        flops / seconds(lambda product=product: [product() for _ in range(CALLS)]) / 1e9
        for _ in range(repeats)
        for product in products()
    )


def products() -> list[Callable[[], Any]]:
    """Every way to multiply that this build of torch and numpy has, each called once before."""
    generator = torch.Generator().manual_seed(0)
    left, right = torch.randn(2, SIDE, SIDE, generator=generator)
    left_array, right_array, out = left.numpy(), right.numpy(), numpy.empty((SIDE, SIDE), numpy.float32)
    ways: list[Callable[[], Any]] = [
        lambda: torch.mm(left, right),
        lambda: numpy.matmul(left_array, right_array, out=out),
        lambda: torch.ops.mkldnn._linear_pointwise(left, right, None, "none", [], ""),
    ]
    return [way for way in ways if _works(way)]


def _works(way: Callable[[], Any]) -> bool:
    """Whether a call passes: oneDNN's operator is private to torch, and builds differ."""
    try:
        way()
    except (AttributeError, RuntimeError):
        return False
    return True
