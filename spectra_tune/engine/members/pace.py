"""Where each step of a training stands: targets of sigma and learning rates, by time or by what a member reacts to."""

from collections.abc import Mapping, Sequence

from spectra_tune.design import DistanceToCriticality, Member, Treatment
from spectra_tune.engine.members.reactive_state import ReactiveState
from spectra_tune.operators import Operator
from spectra_tune.operators.fan import fan_of
from spectra_tune.operators.pulled import pulled
from spectra_tune.schedules import LEARNING_RATES, REACTIVE, progress_at, sigma_target


def fans_of(operators: Mapping[str, Operator], members: Sequence[Member]) -> list[float]:
    """Of each operator what its target is scaled by where a Treatment says so; else 1."""
    first = members[0]
    wanted: set[int] = set()
    for treatment in {member.treatment for member in members}:
        if treatment.target_scale is not None:
            wanted |= set(pulled(first.condition.network, tuple(operators), treatment.regularized))
    return [fan_of(*one) if place in wanted else 1.0 for place, one in enumerate(operators.items())]


class Pace:
    """Learning rates and targets of members that share epochs and batches, step by step.

    fans: of each regularized weight the root of its outputs over its inputs. capacity_ratio: see
    schedules.sigma_target.
    """

    def __init__(
        self,
        members: Sequence[Member],
        steps: int,
        fans: Sequence[float],
        capacity_ratio: float,
        reactions: ReactiveState,
    ):
        self._members, self._steps, self._fans = members, steps, fans
        self._capacity_ratio, self._reactions = capacity_ratio, reactions
        schedules = {member.condition.learning_rate_schedule for member in members}
        self.constant = all(name == "constant" or isinstance(name, DistanceToCriticality) for name in schedules)
        """Whether no learning rate changes while nothing is observed."""

    def learning_rates(self, step: int) -> list[float]:
        """Of each member."""
        progress = progress_at(step, self._steps)
        rates = []
        for slot, member in enumerate(self._members):
            schedule = member.condition.learning_rate_schedule
            if isinstance(schedule, DistanceToCriticality):
                factor = self._reactions.factor(slot)
            else:
                factor = LEARNING_RATES[schedule](progress)
            rates.append(member.condition.learning_rate * factor)
        return rates

    def targets(self, steps: Sequence[int]) -> list[list[list[float]]]:
        """Targets of the regularized weights' sigma: by step, layer and member."""
        keys = [
            (treatment, self._reactions.progress(slot, treatment.schedule) if treatment.schedule in REACTIVE else None)
            for slot, treatment in enumerate(member.treatment for member in self._members)
        ]
        by_step = []
        for step in steps:
            by_time = progress_at(step, self._steps)
            by_layer = []
            for layer, fan in enumerate(self._fans, start=1):
                of = {
                    (treatment, moved): self._target(treatment, by_time if moved is None else moved, layer, fan)
                    for treatment, moved in set(keys)
                }
                by_layer.append([of[key] for key in keys])
            by_step.append(by_layer)
        return by_step

    def _target(self, treatment: Treatment, progress: float, layer: int, fan: float) -> float:
        return sigma_target(
            treatment.schedule,
            progress,
            layer,
            sigma_start=treatment.sigma_start,
            sigma_end=treatment.sigma_end,
            capacity_ratio=self._capacity_ratio,
            beta=treatment.beta,
            depth_exponent=treatment.depth_exponent,
            knots=treatment.knots,
            scale=1.0 if treatment.target_scale is None else fan,
        )
