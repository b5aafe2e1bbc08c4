"""Memory that a block's programs use in turn for the passes of the moment."""

import torch
from torch import Tensor

ALIGNMENT = 64
"""Numbers between the starts of two tensors, a multiple of."""


class Workspace:
    """Hands out uninitialised tensors of one piece of memory, which grows to what was once needed.

    Asking the system for this memory anew at every report would cost more than the passes.
    """

    def __init__(self, device: str, dtype: torch.dtype):
        self._memory = torch.empty(0, device=device, dtype=dtype)
        self._used = self._growths = 0

    def begin(self) -> int:
        """All tensors handed out so far may be overwritten. Returns a number of the memory, new when it has grown."""
        if self._used > len(self._memory):
            self._memory = self._memory.new_empty(self._used)
            self._growths += 1
        self._used = 0
        return self._growths

    def empty(self, *shape: int) -> Tensor:
        """A tensor of this shape, contiguous."""
        size = torch.Size(shape).numel()
        start, self._used = self._used, self._used + size + -size % ALIGNMENT
        if start + size > len(self._memory):
            return self._memory.new_empty(shape)
        return self._memory[start : start + size].view(shape)
