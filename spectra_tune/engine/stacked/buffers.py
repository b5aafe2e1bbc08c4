"""The memory of a program's members: parameters, gradients, rates and the optimizer's state, each in one flat buffer.

Axes: M member.
"""

from collections.abc import Callable, Mapping, Sequence
from math import inf
from typing import Any

import torch
from torch import Tensor

from spectra_tune.design import Member
from spectra_tune.design.condition import MUON
from spectra_tune.engine.members.hidden_matrices import HiddenMatrix
from spectra_tune.engine.members.muon import STATE, Muon
from spectra_tune.engine.stacked.clipping import Clipping
from spectra_tune.engine.stacked.layout import Layout
from spectra_tune.engine.stacked.optimizers import OPTIMIZERS, Step


class Buffers:
    """Parameters and gradients by name, (members, …), as views of flat buffers that the optimizer steps on.

    initial: each member's parameters. side_by_side: pairs that are one matrix when stacked, see Layout.
    hidden: what Muon moves, of other optimizers none.
    """

    def __init__(
        self,
        members: Sequence[Member],
        initial: Sequence[Mapping[str, Tensor]],
        side_by_side: Sequence[tuple[str, str]],
        device: str,
        dtype: torch.dtype,
        hidden: Sequence[HiddenMatrix] = (),
    ):
        self._layout = Layout(initial, side_by_side, device, dtype)
        self.flat = self._layout.filled(initial)
        self.flat_gradient, self._flat_rate = self._layout.zeros(), self._layout.zeros()
        self.bound, self.gradients = self._layout.named(self.flat), self._layout.named(self.flat_gradient)
        """With pairs, beside their parts, under both names joined by a plus sign."""
        self.parameters = {name: self.bound[name] for name in initial[0]}
        optimizer = members[0].condition.optimizer
        step, names = (None, STATE) if optimizer == MUON else OPTIMIZERS[optimizer]
        self.moments = {name: self._layout.zeros() for name in names}
        self._step = step or self._muon(hidden)
        self._flat_decay = None
        decays = [member.condition.weight_decay for member in members]
        if any(decays):
            self._flat_decay = self._layout.zeros()
            self._layout.spread(torch.tensor(decays, device=device, dtype=dtype), self._flat_decay)

        self._clip: Callable[[], None] | None = None
        clips = [member.condition.clip for member in members]
        if any(clips):
            bound_M = torch.tensor([clip or inf for clip in clips], device=device, dtype=dtype)
            self._clip = Clipping(self._layout.parts(self.flat_gradient), bound_M)

    def parts(self) -> list[Tensor]:
        """Views (members, …) of each stretch of the flat buffer, parameter by parameter."""
        return self._layout.parts(self.flat)

    def set_rates(self, rate_M: Tensor) -> None:
        """Each member's learning rate from here on."""
        self._layout.spread(rate_M, self._flat_rate)

    def _muon(self, hidden: Sequence[HiddenMatrix]) -> Step:
        changes = self._layout.named(self.moments["change"])
        muon = Muon(self.moments, [changes[matrix.parameter][:, matrix.rows] for matrix in hidden])
        return lambda value, gradient, _, rate, decay, number: muon(value, gradient, rate, decay, number)

    def step(self, number: int) -> None:
        """One step of the optimizer, the number-th from 1."""
        if self._clip is not None:
            self._clip()
        self._step(self.flat, self.flat_gradient, self.moments, self._flat_rate, self._flat_decay, number)

    def begin_anew(self) -> None:
        """Makes the optimizer's state what it was before the first step."""
        for value in self.moments.values():
            value.zero_()

    def finite(self) -> Tensor | None:
        """Whether each member's parameters are all finite (members,); None where all members' are."""
        if self.flat.sum().isfinite():
            return None
        return torch.stack([part.flatten(1).isfinite().all(dim=1) for part in self.parts()]).all(dim=0)

    @property
    def _tensors(self) -> dict[str, Tensor]:
        return {"parameters": self.flat, **self.moments}

    def state(self) -> dict[str, Any]:
        """What `restore` needs."""
        return {name: value.cpu() for name, value in self._tensors.items()}

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """Continues from a state of equal members."""
        for name, value in self._tensors.items():
            value.copy_(tensors[name])
