"""Real optimizers for one flat parameter, by the names that a Condition gives."""

from collections.abc import Callable
from typing import Any

import torch
from torch.nn import Module, Parameter
from torch.optim import Optimizer

from spectra_tune.design import Condition
from spectra_tune.design.condition import MUON
from spectra_tune.engine.in_turn.flat import FlatParameters
from spectra_tune.engine.members.hidden_matrices import hidden_matrices
from spectra_tune.engine.members.muon import STATE, Muon

MOMENTUM = 0.9

OPTIMIZERS: dict[str, Callable[[list[Parameter], float, float], Optimizer]] = {
    "adam": lambda values, rate, decay: torch.optim.Adam(values, lr=rate, weight_decay=decay, fused=True),
    "adamw": lambda values, rate, decay: torch.optim.AdamW(values, lr=rate, weight_decay=decay, fused=True),
    "sgd": lambda values, rate, decay: torch.optim.SGD(values, lr=rate, weight_decay=decay, momentum=MOMENTUM),
    "rmsprop": lambda values, rate, decay: torch.optim.RMSprop(values, lr=rate, weight_decay=decay),
}
"""(parameters, learning rate, weight decay) to the optimizer, with torch.optim's defaults otherwise."""


def optimizer_of(condition: Condition, module: Module, flat: FlatParameters) -> "Optimizer | MuonInTurn":
    """A Condition's optimizer of a module's flat parameters."""
    if condition.optimizer == MUON:
        return MuonInTurn(condition, module, flat)
    return OPTIMIZERS[condition.optimizer]([flat.value], condition.learning_rate, condition.weight_decay)


class MuonInTurn:
    """Muon's step of one member, with as much of torch.optim.Optimizer as training needs."""

    def __init__(self, condition: Condition, module: Module, flat: FlatParameters):
        self.param_groups = [{"lr": condition.learning_rate}]
        self._value, self._gradient = flat.value.detach(), flat.gradient
        self._decay = self._value.new_tensor(condition.weight_decay) if condition.weight_decay else None
        self._state = {name: torch.zeros_like(self._value) for name in STATE}
        self._number = 0
        parameters = dict(module.named_parameters())
        changes = []
        for name, rows in hidden_matrices(condition.network, module):
            weight = parameters[name]
            start = flat.place_of(weight)
            changes.append(self._state["change"][start : start + weight.numel()].view(1, *weight.shape)[:, rows])
        self._step = Muon(self._state, changes)

    def step(self) -> None:
        self._number += 1
        rate = self._value.new_tensor(self.param_groups[0]["lr"])
        self._step(self._value, self._gradient, rate, self._decay, self._number)

    def state_dict(self) -> dict[str, Any]:
        return {"number": self._number, **{name: value.cpu().clone() for name, value in self._state.items()}}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self._number = state["number"]
        for name, value in self._state.items():
            value.copy_(state[name])
