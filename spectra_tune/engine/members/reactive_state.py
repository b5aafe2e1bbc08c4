"""The states of reactive members: where their targets are, and their learning rates' factors.

Axes: M member.
"""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy
import torch

from spectra_tune.design import DistanceToCriticality, Member
from spectra_tune.schedules import REACTIVE
from spectra_tune.schedules.by_signal import RULES, Signals, State, observed_every

SLOPE_SAMPLES, SLOPE_STEP = 256, 0.01
"""Training samples along whose directions slopes are taken, and how far, in units of the features."""


class Observed(Protocol):
    """What can be observed of members in training, (members,) float64 each."""

    def loss(self) -> numpy.ndarray:
        """On the training data."""
        ...

    def dead_share(self) -> numpy.ndarray:
        """Share of all hidden units that no training sample makes positive."""
        ...

    def sensitivity(self) -> numpy.ndarray:
        """Root mean square slope of the outputs along one fixed random direction per sample, times sqrt(features).

        Estimates the root mean square Frobenius norm of the outputs' Jacobian.
        """
        ...

    def spectral_norm(self) -> numpy.ndarray:
        """Mean over the regularized weights."""
        ...


def is_reactive(member: Member) -> bool:
    """Whether a member's targets or learning rate depend on signals of its own training."""
    rate = member.condition.learning_rate_schedule
    return member.treatment.schedule in REACTIVE or isinstance(rate, DistanceToCriticality)


class ReactiveState:
    """The states of all reactive members that train together."""

    def __init__(self, members: Sequence[Member]):
        self._rules = [rule for rule in REACTIVE if any(member.treatment.schedule == rule for member in members)]
        self._rates = [member.condition.learning_rate_schedule for member in members]
        self._by_sigma = any(isinstance(rate, DistanceToCriticality) for rate in self._rates)
        reactive = any(is_reactive(member) for member in members)
        self._every = observed_every(members[0].condition.total_epochs) if reactive else 0
        self._states: dict[str, State] = {rule: {"progress": numpy.zeros(len(members))} for rule in self._rules}
        self._factors = [1.0] * len(members)
        self._epoch = -1

    def epochs_until_next(self, epoch: int) -> float:
        """Epochs from this one to the next observation; infinite where nothing reacts."""
        return self._every - epoch % self._every if self._every else numpy.inf

    def observe(self, epoch: int, observed: Observed) -> None:
        """Takes the signals of the present epoch if they are due, and moves targets and rates by them."""
        if not self._every or epoch % self._every or epoch == self._epoch:
            return
        first, self._epoch = self._epoch < 0, epoch
        signals = Signals(
            loss_M=observed.loss() if "plateau" in self._rules else None,
            dead_share_M=observed.dead_share() if "dead_units" in self._rules else None,
            sensitivity_M=observed.sensitivity() if "sensitivity" in self._rules else None,
            spectral_norm_M=observed.spectral_norm() if self._by_sigma else None,
        )
        for rule in self._rules:
            self._states[rule] = RULES[rule]({} if first else self._states[rule], signals)
        if signals.spectral_norm_M is not None:
            self._factors = [
                rate.factor(float(sigma)) if isinstance(rate, DistanceToCriticality) else 1.0
                for rate, sigma in zip(self._rates, signals.spectral_norm_M, strict=True)
            ]

    def progress(self, slot: int, schedule: str) -> float:
        """Of the target of the member in this slot, whose schedule is a reactive one."""
        return float(self._states[schedule]["progress"][slot])

    def factor(self, slot: int) -> float:
        """Of the learning rate of the member in this slot."""
        return self._factors[slot]

    def state(self) -> dict[str, Any]:
        states = {
            rule: {name: torch.from_numpy(values.copy()) for name, values in of_rule.items()}
            for rule, of_rule in self._states.items()
        }
        return {"states": states, "factors": list(self._factors), "epoch": self._epoch}

    def restore(self, state: dict[str, Any]) -> None:
        self._states = {
            rule: {name: values.numpy() for name, values in of_rule.items()}
            for rule, of_rule in state["states"].items()
        }
        self._factors, self._epoch = list(state["factors"]), state["epoch"]
