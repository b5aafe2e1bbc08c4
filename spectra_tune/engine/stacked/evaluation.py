"""Forward passes of a program's members over whole splits, and what they score.

Axes: M member, J feature and one more, O output, N sample.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy
from torch import Tensor

from spectra_tune.engine.members.splits import TILE
from spectra_tune.engine.stacked.stack import Stack
from spectra_tune.engine.stacked.workspace import Workspace


class Passes:
    """Passes over data, made anew only where the workspace has moved.

    network: the stacked form, see spectra_tune.networks. bound, gradients: its parameters by name.
    """

    def __init__(self, network: Any, bound: dict[str, Tensor], gradients: dict[str, Tensor], workspace: Workspace):
        self._network, self._bound, self._gradients, self._workspace = network, bound, gradients, workspace
        self._kept: dict[Any, Any] = {}
        self._memory = -1

    def forget(self) -> None:
        """No passes are kept: their data are no longer those of the moment."""
        self._kept = {}

    def over(self, x_MJN: Tensor, *, kept_as: Any = None, training: bool = False) -> Any:
        """Passes over x. kept_as: a name under which to find them again, as long as their memory is the same."""
        memory = self._workspace.begin()
        if memory != self._memory:
            self._kept, self._memory = {}, memory
        if kept_as not in self._kept:
            gradients = self._gradients if training else None
            passes = self._network.passes(self._bound, x_MJN, self._workspace.empty, gradients)
            if kept_as is None:
                return passes
            self._kept[kept_as] = passes
        return self._kept[kept_as]


class Evaluation:
    """Scores of all members on their splits; test samples, which only the end needs, are not kept."""

    def __init__(self, passes: Passes, draw_stack: Callable[[str, int], Stack]):
        self._passes, self._draw_stack = passes, draw_stack
        self._stacks: dict[str, Stack] = {}
        self._phase = 0

    def enter(self, phase: int) -> None:
        """From here on splits are those of a curriculum's phase."""
        self._stacks, self._phase = {}, phase
        self._passes.forget()

    def stack(self, split: str, phase: int | None = None) -> Stack:
        """The members' samples; those of another phase where it is named."""
        if phase is not None:
            return self._draw_stack(split, phase)
        if split in self._stacks:
            return self._stacks[split]
        stack = self._draw_stack(split, self._phase)
        if split != "test":
            self._stacks[split] = stack
        return stack

    def scores(self, split: str, phase: int | None = None) -> dict[str, numpy.ndarray]:
        """Every metric of each member; on another phase's data where it is named."""
        stack = self.stack(split, phase)
        summed: Any = 0.0
        for part, passes in self.tiles(split, stack):
            summed = summed + stack.scored.sums(passes.logits_MON, part)
        return stack.scored.scores(summed)

    def tiles(self, split: str, stack: Stack | None = None) -> Iterator[tuple[slice, Any]]:
        """Passes that have just gone forward over each part of a split's samples, and the part."""
        stack = stack or self.stack(split)
        for start in range(0, stack.x_MJN.shape[2], TILE):
            part = slice(start, start + TILE)
            kept_as = (split, start) if split in self._stacks else None
            passes = self._passes.over(stack.x_MJN[:, :, part], kept_as=kept_as)
            passes.forward()
            yield part, passes

    def outputs(self, x_MJN: Tensor) -> Tensor:
        """Outputs (members, outputs, samples) over x, whose last row is ones."""
        passes = self._passes.over(x_MJN)
        passes.forward()
        return passes.logits_MON.clone()
