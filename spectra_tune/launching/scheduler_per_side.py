"""What stops configurations on their way: Tune's schedulers, one for each side of each stratum."""

from collections.abc import Callable
from typing import Any

from ray.tune.schedulers import ASHAScheduler, FIFOScheduler, MedianStoppingRule, TrialScheduler

from spectra_tune.design import Study


class SchedulerPerSide(FIFOScheduler):
    """A scheduler of its own for each side of each stratum: they are never compared in a search."""

    def __init__(self, make: Callable[[], TrialScheduler]):
        super().__init__()
        self._make, self._by_side = make, {}

    def _of(self, trial) -> TrialScheduler:
        side = (trial.config["stratum"], trial.config["arm"])
        if side not in self._by_side:
            self._by_side[side] = self._make()
        return self._by_side[side]

    def on_trial_add(self, tune_controller, trial):
        self._of(trial).on_trial_add(tune_controller, trial)

    def on_trial_error(self, tune_controller, trial):
        self._of(trial).on_trial_error(tune_controller, trial)

    def on_trial_result(self, tune_controller, trial, result):
        if "objective" not in result:  # no report: the trial only wants to be saved
            return TrialScheduler.CONTINUE
        return self._of(trial).on_trial_result(tune_controller, trial, result)

    def on_trial_complete(self, tune_controller, trial, result):
        self._of(trial).on_trial_complete(tune_controller, trial, result)

    def on_trial_remove(self, tune_controller, trial):
        self._of(trial).on_trial_remove(tune_controller, trial)


def scheduler_of(study: Study) -> SchedulerPerSide:
    """What stops a study's configurations early, with epochs as time."""
    assert study.search is not None
    epochs = max(condition.total_epochs for condition in study.conditions)
    common: dict[str, Any] = {"time_attr": "epoch", "metric": "objective", "mode": "max"}
    if study.search.scheduler == "asha":
        grace = max(1, epochs // 9)
        return SchedulerPerSide(lambda: ASHAScheduler(max_t=epochs, grace_period=grace, reduction_factor=3, **common))
    return SchedulerPerSide(
        lambda: MedianStoppingRule(grace_period=max(1, epochs // 4), min_samples_required=3, **common)
    )
