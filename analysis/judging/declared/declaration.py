"""Declaration: what the columns of a table from elsewhere are, and what its arms are compared by."""

import math
from dataclasses import dataclass
from typing import Literal

from spectra_tune.design import InvalidStudy, Metric, SplitMetric
from spectra_tune.design.outcome import PP
from spectra_tune.errors import positive

VALUE = "value"
"""The metric's column in the run table that a table from elsewhere becomes: hers may have any name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """Columns by their names in the table; baseline, treatments and seeds as they stand in its cells."""

    arm: str
    seed: str
    metric: str
    conditions: tuple[str, ...] = ()  # columns that tell Conditions apart; none: all rows are of one
    baseline: str
    treatments: tuple[str, ...] = ()  # none named: every other arm
    lower_is_better: bool = False
    given_in: Literal["percent", "fractions"] | None = None  # None: the metric has a unit of its own
    margin: float  # percentage points where the metric is given in percent or fractions, else its own unit
    alpha: float = 0.01
    selected_on: tuple[str, ...] = ()  # seeds that chose an arm or a setting

    def __post_init__(self):
        columns = [self.arm, self.seed, self.metric, *self.conditions]
        twice = sorted({name for name in columns if columns.count(name) > 1})
        if twice:
            raise InvalidStudy(
                f"arm, seed, metric and each Condition need a column of their own, {', '.join(twice)} was given twice"
            )
        if len(set(self.treatments)) != len(self.treatments):
            raise InvalidStudy(f"each treatment is named once, got {', '.join(self.treatments)}")
        if self.baseline in self.treatments:
            raise InvalidStudy(f"a contrast needs two arms, {self.baseline!r} is both baseline and treatment")
        object.__setattr__(self, "margin", positive(self.margin, "margin"))
        object.__setattr__(self, "alpha", positive(self.alpha, "alpha"))
        if self.alpha >= 0.5:
            raise InvalidStudy(f"alpha must be below 0.5, got {self.alpha:g}")

    @property
    def measured(self) -> SplitMetric:
        """The metric; its run table has fractions where the table has percent."""
        share = self.given_in is not None
        metric = Metric(
            name=VALUE,
            words=self.metric,
            unit=PP if share else "",
            symbol=" %" if share else "",
            scale=100.0 if share else 1.0,
            higher_is_better=not self.lower_is_better,
            bounds=(0.0, 1.0) if share else (-math.inf, math.inf),
            margin=self.margin,
        )
        return SplitMetric("", metric)
