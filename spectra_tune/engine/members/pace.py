"""Where each step of a training stands: targets of sigma and learning rates, by time or by what a member reacts to."""

from collections.abc import Sequence

from spectra_tune.design import DistanceToCriticality, Member, Treatment
from spectra_tune.engine.members.reactive_state import ReactiveState
from spectra_tune.schedules import LEARNING_RATES, REACTIVE, progress_at, sigma_target


class Pace:
    """Learning rates and targets of members that share epochs and batches, step by step.

    fans: of each regularized weight what a target scaled by fan is multiplied by. capacity_ratio: see
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
            for layer in range(1, len(self._fans) + 1):
                of = {
                    (treatment, moved): self._target(treatment, by_time if moved is None else moved, layer)
                    for treatment, moved in set(keys)
                }
                by_layer.append([of[key] for key in keys])
            by_step.append(by_layer)
        return by_step

    def _target(self, treatment: Treatment, progress: float, layer: int) -> float:
        return sigma_target(
            treatment.schedule,
            progress,
            layer,
            sigma_start=treatment.sigma_start,
            sigma_end=treatment.sigma_end,
            knots=treatment.knots,
            capacity_ratio=self._capacity_ratio,
            beta=treatment.beta,
            depth_exponent=treatment.depth_exponent,
            scale=1.0 if treatment.target_scale is None else self._fans[layer - 1],
        )
