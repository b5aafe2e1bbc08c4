"""What is a user's own in a study, tried before anything is launched."""

from spectra_tune.design import Study
from spectra_tune.design.sources import is_own
from spectra_tune.networks.module import ModuleNetwork


def rehearse_own(study: Study) -> None:
    """Refuses a study whose own tasks or networks could not be trained; of our own nothing is tried, or loaded."""
    parts = {part for condition in study.conditions for part in (condition.task, condition.network)}
    if any(is_own(type(part)) or isinstance(part, ModuleNetwork) for part in parts):
        from spectra_tune.engine import rehearse  # loads torch

        rehearse(study)
