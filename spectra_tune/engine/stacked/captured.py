"""A call on a GPU as one graph of its kernels: launched one by one, small ones keep the GPU waiting."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor


class Captured:
    """Replays `call(*inputs)`, whose kernels and memory must be the same every time; captured when first called."""

    def __init__(self, call: Callable[..., None]):
        self._call = call
        self._graph: torch.cuda.CUDAGraph | None = None
        self._inputs: list[Tensor] = []

    def __call__(self, *inputs: Tensor) -> None:
        if self._graph is None:
            self._graph = self._captured(inputs)
        for kept, value in zip(self._inputs, inputs, strict=True):
            kept.copy_(value)
        self._graph.replay()

    def _captured(self, inputs: Sequence[Tensor]) -> torch.cuda.CUDAGraph:
        self._inputs = [value.clone() for value in inputs]  # where the graph reads them
        now, aside = torch.cuda.current_stream(), torch.cuda.Stream()
        aside.wait_stream(now)
        with torch.cuda.stream(aside):
            self._call(*self._inputs)  # loads kernels, which cannot be captured
        now.wait_stream(aside)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            self._call(*self._inputs)
        return graph
