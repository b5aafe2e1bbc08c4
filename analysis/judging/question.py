"""Question: what a family of contrasts is judged by, whether a study fixed it or somebody declares it with a table."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from spectra_tune.design import Contrast, SplitMetric, Study


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Arms, Conditions, contrasts, outcome, margin and alpha."""

    text: str
    arms: tuple[str, ...]
    labels: Mapping[str, str]  # of each Condition, by its signature
    contrasts: tuple[Contrast, ...]
    measured: SplitMetric
    margin_in_unit: float
    alpha: float  # family-wise, over all contrasts x Conditions
    standing: Literal["registered", "declared"]  # before the first run, or by whoever brings the results

    @property
    def tests(self) -> int:
        """m, the size of the family."""
        return len(self.contrasts) * len(self.labels)

    @property
    def metric(self) -> str:
        """The outcome's column, of a table from elsewhere as it is called there."""
        return self.measured.column if self.measured.split else self.measured.metric.words


def question_of(study: Study) -> Question:
    """What a study fixed before its first run."""
    return Question(
        text=study.question,
        arms=tuple(name for name, _ in study.arms),
        labels=study.labels(),
        contrasts=study.contrasts,
        measured=study.outcome.measured,
        margin_in_unit=study.outcome.margin_in_unit,
        alpha=study.outcome.alpha,
        standing="registered",
    )
