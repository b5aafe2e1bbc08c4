"""Outcome: what is compared, and the difference that would matter."""

from dataclasses import dataclass, field
from typing import Any

from spectra_tune.design.evaluations import Attack, Corruption, Evaluation, needed
from spectra_tune.errors import InvalidStudy, listed, nearest, one_of, positive
from spectra_tune.objectives import PHASES, SPLIT_METRICS, Metric, SplitMetric

PP = "pp"
"""The unit of percentage points."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What is compared, the difference that would matter, and the family-wise error allowed.

    The margin is given as `margin_pp` for metrics in percentage points and as `margin` for all others, in their own
    unit; where neither is, it is the metric's (see spectra_tune.objectives). Read it as `margin_in_unit`.
    """

    metric: str = "test_accuracy"  # a metric on test data: a key of objectives.SPLIT_METRICS
    margin_pp: float | None = None  # percentage points
    margin: float | None = field(default=None, metadata={"later": True})  # for all others
    alpha: float = 0.01  # over all contrasts x Conditions of the study
    descriptive: tuple[str, ...] = ()  # metrics reported with estimate and interval, never with a verdict
    attack: Attack | None = field(default=None, metadata={"later": True})  # of test_robust_accuracy and its checks
    corruptions: Any = field(default=(), metadata={"later": True})  # a Corruption, or one of each kind, kept as a tuple

    def __post_init__(self):
        known = [column for column, one in SPLIT_METRICS.items() if one.split in ("test", PHASES)]
        if self.metric not in known:
            raise InvalidStudy(
                f"a verdict is about test data: the outcome must be one of {', '.join(known)}, got {self.metric!r}"
                + ("; list it as descriptive" if self.metric in SPLIT_METRICS else f"; {nearest(self.metric, known)}")
            )
        self._set_margin()
        object.__setattr__(self, "alpha", positive(self.alpha, "alpha"))
        if self.alpha >= 0.5:
            raise InvalidStudy(f"alpha must be below 0.5, got {self.alpha}")
        descriptive = (one_of(metric, "metric", SPLIT_METRICS) for metric in listed(self.descriptive, "descriptive"))
        object.__setattr__(self, "descriptive", tuple(descriptive))
        corruptions: Any = (self.corruptions,) if isinstance(self.corruptions, Corruption) else self.corruptions
        found = tuple(listed(corruptions, "corruptions"))
        object.__setattr__(self, "corruptions", found)
        needed((self.metric, *self.descriptive), self.attack, found)

    def _set_margin(self) -> None:
        metric = self.measured.metric
        of_unit, other = ("margin_pp", "margin") if metric.unit == PP else ("margin", "margin_pp")
        if getattr(self, other) is not None:
            raise InvalidStudy(
                f"the margin of {self.metric} is in {_unit(metric)}: give {of_unit}, "
                f"got {other} {getattr(self, other)!r}"
            )
        given = getattr(self, of_unit)
        object.__setattr__(self, of_unit, positive(metric.margin if given is None else given, of_unit))

    @property
    def margin_in_unit(self) -> float:
        """The margin in the metric's unit."""
        margin = self.margin_pp if self.margin is None else self.margin
        assert margin is not None
        return margin

    @property
    def evaluations(self) -> tuple[Evaluation, ...]:
        """What the networks are put to beside their test samples as they are."""
        return needed((self.metric, *self.descriptive), self.attack, self.corruptions)

    @property
    def selecting(self) -> tuple[Evaluation, ...]:
        """Those of them that a search makes: what gives the metric itself, on validation data."""
        return tuple(one for one in self.evaluations if self.metric in one.columns)

    @property
    def measured(self) -> SplitMetric:
        """The metric and its split."""
        return SPLIT_METRICS[self.metric]


def _unit(metric: Metric) -> str:
    return "percentage points" if metric.unit == PP else metric.unit or "its own unit"
