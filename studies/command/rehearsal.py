"""What of a study may not be trainable, tried before anything is launched."""

from spectra_tune.design import Condition, Study
from spectra_tune.design.condition import MUON
from spectra_tune.networks.perceptron import Perceptron
from spectra_tune.tasks import Task


def rehearse_own(study: Study) -> None:
    """Refuses a study whose own tasks, data or networks could not be trained; of what always can, and where no
    Treatment says which weights it pulls, no optimizer asks for some and no networks are kept, nothing is loaded."""
    named = any(arm.treatment.regularized is not None for _, arm in study.arms)
    changed = {dict(arm.changes).get("optimizer") for _, arm in study.arms}
    muon = MUON in changed | {condition.optimizer for condition in study.conditions}
    if named or muon or study.keep_models or not all(_always_trains(condition) for condition in study.conditions):
        from spectra_tune.engine import rehearse  # loads torch

        rehearse(study)


def _always_trains(condition: Condition) -> bool:
    """Whether it is a perceptron on numbers that come with the package."""
    task, perceptron = condition.task, type(condition.network) is Perceptron
    return perceptron and type(task) is Task and task.vocabulary is None and not task.reads_files
