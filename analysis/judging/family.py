"""The numbers of a study's contrasts, adjusted over the whole family of its tests."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy
from numpy import ndarray
from scipy import stats

from analysis.statistics.effect_size import standardised_mean
from analysis.statistics.equivalence import superiority_by_margin, tost
from analysis.statistics.significance import holm, max_t, paired_t, sign_flip, smallest_attainable_p
from spectra_tune.design import SPLIT_METRICS, Metric


@dataclass(frozen=True, kw_only=True)
class ContrastData:
    """One contrast in one Condition, seed by seed; values in the metric's unit, for accuracies percent, a diverged run
    already scored as the constant."""

    treatment_values: ndarray
    baseline_values: ndarray
    constant: ndarray | None  # score of the best constant predictor of the same samples; None where it is not known
    seeds: ndarray
    diverged_treatment: ndarray  # bool
    diverged_baseline: ndarray
    metric: Any  # given as a SplitMetric or as its column in the run table, kept as a SplitMetric
    spans: tuple[str, ...] = ()  # declared fields that both arms differ in, beside the Treatment
    one_split: bool = False  # all seeds share one data set
    failure: str | None = None  # why nothing may be compared

    def __post_init__(self):
        if isinstance(self.metric, str):
            object.__setattr__(self, "metric", SPLIT_METRICS[self.metric])

    @property
    def measured(self) -> Metric:
        return self.metric.metric

    @property
    def gains(self) -> ndarray:
        """By how much the treatment is better than the baseline, seed by seed."""
        return self.measured.sign * (self.treatment_values - self.baseline_values)

    def complete_cases(self) -> "ContrastData":
        """Without the seeds at which either arm diverged; itself where none did."""
        kept = ~(self.diverged_treatment | self.diverged_baseline)
        if kept.all():
            return self
        parts = ("treatment_values", "baseline_values", "constant", "seeds", "diverged_treatment", "diverged_baseline")
        given = {name: getattr(self, name) for name in parts}
        return replace(self, **{name: values[kept] for name, values in given.items() if values is not None})


@dataclass(frozen=True, kw_only=True)
class Statistics:
    """What a verdict rests on: gains in the metric's unit, positive is better. None where nothing can be computed."""

    n: int
    mean: float | None = None
    sd: float | None = None
    low: float | None = None  # two-sided 95 % t interval
    high: float | None = None
    low90: float | None = None
    high90: float | None = None
    bound: float | None = None  # one-sided 95 % bound of the mean on the side of 0
    d_z: float | None = None
    better: int = 0  # seeds at which the treatment is ahead
    p_t: float | None = None
    p_flip: float | None = None
    p_t_adjusted: float | None = None
    p_flip_adjusted: float | None = None
    p_adjusted: float | None = None  # the larger of the two: both tests must agree
    p_margin_adjusted: float | None = None  # of an effect beyond the margin, on the mean's side
    p_tost_adjusted: float | None = None
    smallest_p: float = 1.0  # the smallest adjusted p that the exact test can reach
    diverged_treatment: int = 0
    diverged_baseline: int = 0
    p_divergence: float = 1.0  # exact McNemar: the treatment diverges more


def family_statistics(family: Sequence[ContrastData], margin: float, tests: int) -> list[Statistics]:
    """The statistics of each contrast, in the order given, adjusted for `tests` tests, those without data included.

    Adjusted t p, margin and equivalence p: Holm. Adjusted sign-flip p: max-T where all tests are there with the same
    seeds, else Holm. A contrast that spans epochs is no test: it has no p, and still counts in Holm's number.
    """
    if len(family) > tests:
        raise ValueError(f"a study of {tests} tests cannot have {len(family)} contrasts")
    tested = [one.failure is None and "epochs" not in one.spans and len(one.gains) >= 2 for one in family]
    common = _common_seeds(family, tested, tests)
    raw = [_unadjusted(one, margin) for one in family]

    def adjusted(field: str) -> list[float | None]:
        given = [
            numpy.nan if not counts or (value := getattr(one, field)) is None else value
            for one, counts in zip(raw, tested, strict=True)
        ]
        found = holm([*given, *[numpy.nan] * (tests - len(given))])
        return [None if numpy.isnan(value) else float(value) for value in found[: len(given)]]

    p_t, p_margin, p_tost = adjusted("p_t"), adjusted("p_margin_adjusted"), adjusted("p_tost_adjusted")
    if common:
        p_flip: list[float | None] = [None] * len(family)
        columns = [index for index, counts in enumerate(tested) if counts]
        joint = max_t(numpy.stack([family[index].gains for index in columns], axis=1))
        for index, p in zip(columns, joint, strict=True):
            p_flip[index] = float(p)
    else:
        p_flip = adjusted("p_flip")
    statistics: list[Statistics] = []
    for index, one in enumerate(raw):
        both = [p for p in (p_t[index], p_flip[index]) if p is not None]
        statistics.append(
            replace(
                one,
                p_t_adjusted=p_t[index],
                p_flip_adjusted=p_flip[index] if tested[index] else None,
                p_adjusted=max(both) if both else None,
                p_margin_adjusted=p_margin[index],
                p_tost_adjusted=p_tost[index],
                smallest_p=min(1.0, smallest_attainable_p(one.n) * (1 if common else tests)) if one.n else 1.0,
            )
        )
    return statistics


def _common_seeds(family: Sequence[ContrastData], tested: list[bool], tests: int) -> bool:
    """Whether all contrasts that the design tests are there, with the same seeds in the same order."""
    designed = [index for index, one in enumerate(family) if "epochs" not in one.spans]
    seeds = {tuple(family[index].seeds.tolist()) for index in designed}
    return len(family) == tests and all(tested[index] for index in designed) and len(seeds) == 1


def _unadjusted(one: ContrastData, margin: float) -> Statistics:
    """The statistics of one contrast alone; margin and equivalence p not yet adjusted."""
    gains = one.gains
    n = len(gains)
    diverged: dict[str, Any] = {
        "diverged_treatment": int(one.diverged_treatment.sum()),
        "diverged_baseline": int(one.diverged_baseline.sum()),
        "p_divergence": _more_divergence(one),
    }
    if one.failure is not None or n == 0:
        return Statistics(n=n, **diverged)
    if n == 1:
        return Statistics(n=n, mean=float(gains[0]), better=int(gains[0] > 0), **diverged)
    t, equivalence = paired_t(gains), tost(gains, margin)
    mean = t.estimate or 0.0
    side = -1.0 if mean < 0 else 1.0
    beyond = superiority_by_margin(side * gains, margin)
    return Statistics(
        n=n,
        mean=mean,
        sd=float(numpy.std(gains, ddof=1)),
        low=t.low,
        high=t.high,
        low90=equivalence.low,
        high90=equivalence.high,
        bound=None if beyond.low is None else side * beyond.low,
        d_z=standardised_mean(gains),
        better=int((gains > 0).sum()),
        p_t=t.p,
        p_flip=sign_flip(gains).p,
        p_margin_adjusted=beyond.p,
        p_tost_adjusted=equivalence.p,
        **diverged,
    )


def _more_divergence(one: ContrastData) -> float:
    """One-sided exact McNemar p that the treatment diverges more often than its baseline."""
    only_treatment = int((one.diverged_treatment & ~one.diverged_baseline).sum())
    only_baseline = int((one.diverged_baseline & ~one.diverged_treatment).sum())
    if only_treatment + only_baseline == 0:
        return 1.0
    return float(stats.binomtest(only_treatment, only_treatment + only_baseline, alternative="greater").pvalue)
