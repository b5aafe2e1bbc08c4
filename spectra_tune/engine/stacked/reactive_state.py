"""What a program's members react to, observed as they train: signals for reactive targets and learning rates.

Axes: M member, J feature and one more, O output, H hidden unit, N sample.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy
import torch
from torch import Tensor

from spectra_tune.design import DistanceToCriticality, InvalidStudy, Member
from spectra_tune.engine.samples import SAMPLE_MULTIPLE
from spectra_tune.randomness import derived_seed
from spectra_tune.schedules import REACTIVE
from spectra_tune.schedules.by_signal import RULES, Signals, State, observed_every

if TYPE_CHECKING:
    from spectra_tune.engine.stacked.program import Program

SLOPE_SAMPLES, SLOPE_STEP = 256, 0.01
"""Training samples along whose directions slopes are taken, and how far, in units of the features."""


def is_reactive(member: Member) -> bool:
    """Whether a member's targets or learning rate depend on signals of its own training."""
    rate = member.condition.learning_rate_schedule
    return member.treatment.schedule in REACTIVE or isinstance(rate, DistanceToCriticality)


class ReactiveState:
    """The states of all reactive members of a program: where their targets are, and their learning rates' factors."""

    def __init__(self, members: Sequence[Member]):
        self._rules = [rule for rule in REACTIVE if any(member.treatment.schedule == rule for member in members)]
        self._rates = [member.condition.learning_rate_schedule for member in members]
        self._by_sigma = any(isinstance(rate, DistanceToCriticality) for rate in self._rates)
        reactive = any(is_reactive(member) for member in members)
        self._every = observed_every(members[0].condition.epochs) if reactive else 0
        self._states: dict[str, State] = {rule: {"progress": numpy.zeros(len(members))} for rule in self._rules}
        self._factors = [1.0] * len(members)
        self._epoch = -1

    def epochs_until_next(self, epoch: int) -> float:
        """Epochs from this one to the next observation; infinite where nothing reacts."""
        return self._every - epoch % self._every if self._every else numpy.inf

    def observe(self, program: "Program") -> None:
        """Takes the signals of the program's present epoch if they are due, and moves targets and rates by them."""
        if not self._every or program.epoch % self._every or program.epoch == self._epoch:
            return
        first, self._epoch = self._epoch < 0, program.epoch
        signals = Signals(
            loss_M=_loss(program) if "plateau" in self._rules else None,
            dead_share_M=_dead_share(program) if "dead_units" in self._rules else None,
            sensitivity_M=_sensitivity(program) if "sensitivity" in self._rules else None,
            spectral_norm_M=_spectral_norm(program) if self._by_sigma else None,
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


def _loss(program: "Program") -> numpy.ndarray:
    return program.padded(program.scores("train")["loss"])


def _spectral_norm(program: "Program") -> numpy.ndarray:
    return program.padded(numpy.mean(program.sigmas(), axis=0))


def _dead_share(program: "Program") -> numpy.ndarray:
    """Share of all hidden units that no training sample makes positive."""
    alive: list[Tensor] = []
    for part, passes in program.tiles("train"):
        if not hasattr(passes, "hidden") or getattr(program.condition.network, "activation", "relu") != "relu":
            raise InvalidStudy(
                "schedule 'dead_units' needs a network of rectified units whose stacked passes show them as `hidden`, "
                f"{program.condition.network!r} is none: choose another schedule"
            )
        count = min(part.stop, program.stack("train").count) - part.start
        positive = [(hidden_MHN[:, :, :count] > 0).any(dim=2) for hidden_MHN in passes.hidden]
        alive = [one | other for one, other in zip(alive, positive, strict=True)] if alive else positive
    units_MH = torch.cat(alive, dim=1).double()
    return 1.0 - (units_MH.sum(dim=1) / units_MH.shape[1]).cpu().numpy()


def _sensitivity(program: "Program") -> numpy.ndarray:
    """Root mean square slope of the logits along one fixed random direction per sample, times sqrt(features).

    Estimates the root mean square Frobenius norm of the logits' Jacobian.
    """
    stack = program.stack("train")
    count = min(stack.count, SLOPE_SAMPLES)
    x_MJN = stack.x_MJN[:, :, : count + -count % SAMPLE_MULTIPLE]
    generator = torch.Generator().manual_seed(derived_seed(0, "probe", "slope"))
    direction_FN = torch.randn(x_MJN.shape[1] - 1, x_MJN.shape[2], generator=generator, dtype=torch.float64)
    direction_FN /= direction_FN.norm(dim=0)
    moved_MJN = x_MJN.clone(memory_format=torch.contiguous_format)
    moved_MJN[:, :-1] += SLOPE_STEP * direction_FN.to(x_MJN)
    rise_MON = program.logits(moved_MJN) - program.logits(x_MJN)
    slope_MN = (rise_MON[:, :, :count].double().cpu().numpy() / SLOPE_STEP).reshape(len(rise_MON), -1)
    return numpy.sqrt((slope_MN**2).sum(axis=1) / count * len(direction_FN))
