"""Where the parameters of all a program's members lie in one flat buffer.

Axes: M member.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

FLAT_MULTIPLE = 64
"""Length of flat buffers: no vectorised loop over them has a tail."""

Parameters = Mapping[str, Tensor]
"""One member's, by name."""


class Layout:
    """Group by group, a group's numbers member by member; a group is one parameter, or a weight with its bias.

    side_by_side: pairs (weight, bias) that are one matrix (out, in + 1) when stacked.
    """

    def __init__(
        self,
        initial: Sequence[Parameters],
        side_by_side: Sequence[tuple[str, str]],
        device: str,
        dtype: torch.dtype,
    ):
        alone = ((name,) for name in initial[0] if not any(name in names for names in side_by_side))
        self._groups: tuple[tuple[str, ...], ...] = (*side_by_side, *alone)
        self._shapes = [(len(initial), *_group(initial[0], names).shape) for names in self._groups]
        self._sizes = [torch.Size(shape).numel() for shape in self._shapes]
        self._device, self._dtype = device, dtype

    def zeros(self) -> Tensor:
        """A flat buffer."""
        length = sum(self._sizes)
        return torch.zeros(length + -length % FLAT_MULTIPLE, dtype=self._dtype, device=self._device)

    def filled(self, initial: Sequence[Parameters]) -> Tensor:
        """A flat buffer with each member's parameters."""
        flat = self.zeros()
        for part, names in zip(self.parts(flat), self._groups, strict=True):
            part.copy_(torch.stack([_group(one, names) for one in initial]))
        return flat

    def spread(self, values_M: Tensor, flat: Tensor) -> None:
        """Writes each member's value to all of its numbers."""
        for part in self.parts(flat):
            part.copy_(values_M.view(-1, *[1] * (part.ndim - 1)).expand_as(part))

    def parts(self, flat: Tensor) -> list[Tensor]:
        """Views (members, …) of each group."""
        parts = flat[: sum(self._sizes)].split(self._sizes)
        return [part.view(shape) for part, shape in zip(parts, self._shapes, strict=True)]

    def named(self, flat: Tensor) -> dict[str, Tensor]:
        """Views (members, …) of each parameter by its name, and of pairs by their names joined by a plus sign."""
        views = {}
        for part, names in zip(self.parts(flat), self._groups, strict=True):
            views["+".join(names)] = part
            if len(names) == 2:
                views[names[0]], views[names[1]] = part[:, :, :-1], part[:, :, -1]
        return views


def _group(parameters: Parameters, names: tuple[str, ...]) -> Tensor:
    """One parameter as it is, or a weight (out, in) with its bias (out) as the last column."""
    if len(names) == 1:
        return parameters[names[0]]
    weight, bias = (parameters[name] for name in names)
    return torch.cat((weight, bias[:, None]), dim=1)
