"""KeptModels: which trained networks of a block are kept, and by what the best of an arm is chosen."""

from dataclasses import dataclass
from typing import Any

from spectra_tune.errors import InvalidStudy, plain
from spectra_tune.objectives import PHASES, SplitMetric, objective_of

BEST, ALL = "best", "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptModels:
    """Of the runs that ended with finite weights "all", or of each arm the "best".

    The best is that of the seed whose score on its own validation data is the best at the end of training, of equal
    ones the first: test data choose nothing, so that the run's test score stays an honest one of its network, but not
    of its arm, whose mean over seeds is what verdicts are about.
    """

    which: str  # BEST or ALL
    by: SplitMetric  # on validation data

    def of_arm(self, seeds: int) -> int:
        """How many networks of an arm are kept at most."""
        return seeds if self.which == ALL else 1


def checked_keep_models(given: Any) -> str | None:
    """A study's `keep_models`; anything but "best", "all" and None is refused."""
    which = plain(given)
    if which not in (BEST, ALL, None):
        raise InvalidStudy(f"keep_models must be {BEST!r}, {ALL!r} or None, got {given!r}")
    return which


def kept_models(which: str | None, outcome: SplitMetric, task: Any) -> KeptModels | None:
    """What a study's blocks keep; None is nothing.

    The best is chosen by the outcome's own metric on validation data; of an evaluation (an attack, a corruption) by the
    metric of the samples as they are; of an outcome over phases by what leads the task's objective, on the validation
    data of the last phase.
    """
    if which is None:
        return None
    leading = SplitMetric("validation", objective_of(task).metrics[0])
    return KeptModels(which=which, by=leading if outcome.split == PHASES else outcome.followed)
