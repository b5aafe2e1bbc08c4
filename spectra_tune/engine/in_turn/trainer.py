"""A Trainer of one arm's members: real modules, one after another up to each report."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy
import torch
from numpy import ndarray
from torch import Tensor
from torch.nn import Module

from spectra_tune.design import Member
from spectra_tune.engine.in_turn.buffers import passing_buffers
from spectra_tune.engine.in_turn.data import Data
from spectra_tune.engine.in_turn.member import MemberInTurn
from spectra_tune.engine.members.parameters import built
from spectra_tune.engine.members.splits import splits_of
from spectra_tune.engine.members.trainer import never


class InTurn:
    """Members that differ in their seed alone. Each one's bits are those that it would have by itself."""

    def __init__(self, members: Sequence[Member], data: Data, capacity_ratio: float, device: str, dtype: torch.dtype):
        self.members = tuple(members)
        self.condition, self.splits = members[0].condition, splits_of(members[0])
        self._dtype = dtype
        self._each = [MemberInTurn(member, data, capacity_ratio, device, dtype) for member in members]
        first = self._each[0]
        self.init_digests = [one.init_digest for one in self._each]
        self.parameter_count = sum(value.numel() for value in first.module.parameters())
        self.layers, self.targeted = first.layers, first.targeted
        self.diverged: dict[int, int] = {}

    @property
    def epoch(self) -> int:
        return self._each[-1].epoch  # that goes last

    @property
    def mean_epoch(self) -> float:
        return sum(one.epoch for one in self._each) / len(self._each)

    @property
    def finished(self) -> bool:
        return self.epoch == self.condition.total_epochs

    def train(self, epochs: int, enough: Callable[[], bool] = never) -> None:
        end = self.epoch + epochs
        for one in self._each:
            if one.epoch < end:
                one.train(end - one.epoch, enough)
                if enough():
                    return

    def note_divergence(self) -> None:
        for slot, one in enumerate(self._each):
            if not one.finite():
                self.diverged.setdefault(slot, self.epoch)

    def scores(self, split: str) -> dict[str, ndarray]:
        found = [one.scores(split) for one in self._each]
        return {metric: numpy.array([of_member[metric] for of_member in found]) for metric in found[0]}

    def of_phase(self) -> dict[str, ndarray]:
        return _joined([one.of_phase() for one in self._each])

    def over_phases(self) -> dict[str, ndarray]:
        return _joined([one.over_phases() for one in self._each])

    def sigmas(self) -> list[ndarray]:
        return _by_layer([one.sigmas() for one in self._each])

    def targets_reached(self) -> list[ndarray]:
        return _by_layer([one.targets_reached() for one in self._each])

    def fallbacks(self) -> list[int]:
        return [one.fallbacks() for one in self._each]

    def module(self) -> Module:
        return built(self.members[0])

    def states(self) -> list[dict[str, Tensor]]:
        return [one.module.state_dict() for one in self._each]

    def passing(self) -> list[dict[str, Tensor]]:
        return [passing_buffers(one.module) for one in self._each]

    def initial(self) -> list[dict[str, Tensor]]:
        return [built(member).to(self._dtype).state_dict() for member in self.members]

    def state(self) -> dict[str, Any]:
        return {"members": [one.state() for one in self._each], "diverged": self.diverged}

    def restore(self, state: dict[str, Any]) -> None:
        self.diverged = dict(state["diverged"])
        for one, its_state in zip(self._each, state["members"], strict=True):
            one.restore(its_state)


def _joined(of_members: Sequence[dict[str, ndarray]]) -> dict[str, ndarray]:
    return {name: numpy.concatenate([one[name] for one in of_members]) for name in of_members[0]}


def _by_layer(of_members: Sequence[Sequence[float]]) -> list[ndarray]:
    return [numpy.array(of_layer) for of_layer in zip(*of_members, strict=True)]
