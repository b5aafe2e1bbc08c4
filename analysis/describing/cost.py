"""What a treatment costs, and whether its gain is worth that."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy
import pandas
from numpy import ndarray

from analysis.judging.verdict_name import HARMFUL, SUPPORTED, WITHOUT_A_GAIN_THAT_MATTERS, VerdictName
from analysis.statistics.estimate import Estimate
from analysis.statistics.intervals import ratio_interval
from spectra_tune.results import COST_REPEATS

ACCEPTED_OVERHEAD = 1.10
"""Ratio of time per epoch up to which a supported gain is worth using; a study that knows better says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Whether a treatment is worth using: "use", "optional", "avoid" or "collect more", and why."""

    name: Literal["use", "optional", "avoid", "collect more"]
    reason: str


def overhead_ratio(
    treatment_seconds: Sequence[float] | ndarray, baseline_seconds: Sequence[float] | ndarray, level: float = 0.95
) -> Estimate:
    """Time per epoch, treatment over baseline, with a paired log-t interval; repeats timed in turn on one machine."""
    return ratio_interval(treatment_seconds, baseline_seconds, level=level)


def seconds_of_arms(runs: pandas.DataFrame) -> dict[tuple[str, str], ndarray]:
    """The timings of each (condition_signature, arm), empty where there are none; a block's runs share their arm's."""
    if any(name not in runs for name in COST_REPEATS):
        return {}
    distinct: dict[tuple[str, str], dict[tuple[float, ...], None]] = {}
    repeats = runs[list(COST_REPEATS)].to_numpy(dtype=float).tolist()
    for signature, arm, seconds in zip(runs["condition_signature"], runs["arm"], repeats, strict=True):
        distinct.setdefault((signature, arm), {})[tuple(seconds)] = None
    return {key: numpy.array(list(found), dtype=float).ravel() for key, found in distinct.items()}


def overhead_of(treatment: ndarray | None, baseline: ndarray | None) -> Estimate | None:
    """The overhead ratio from two arms' timings; None where they are none, or not timed in turn."""
    if treatment is None or baseline is None or len(treatment) != len(baseline) or len(treatment) < 2:
        return None
    return overhead_ratio(treatment, baseline) if (treatment > 0).all() and (baseline > 0).all() else None


def gain_per_overhead(gain: Estimate, overhead: Estimate) -> float | None:
    """What is gained, in its unit, for each 1 % of time more; None unless the overhead's interval lies above 1."""
    if gain.estimate is None or overhead.estimate is None or overhead.low is None or overhead.low <= 1:
        return None
    return gain.estimate / (100 * (overhead.estimate - 1))


def worth_using(
    verdict: VerdictName,
    overhead: Estimate | None,
    *,
    accepted: float = ACCEPTED_OVERHEAD,
    equal_time_verdict: VerdictName | None = None,
) -> Decision:
    """The decision from a verdict's name and the overhead's interval; the first rule that holds decides.

    accepted: the largest ratio of time per epoch that needs no further reason. equal_time_verdict: of the treatment
    against a baseline that was given the treatment's wall time, where a study has one.
    """
    if verdict in HARMFUL or verdict == VerdictName.UNSAFE:
        return Decision(name="avoid", reason=f"the verdict is {verdict}")
    if verdict in WITHOUT_A_GAIN_THAT_MATTERS:
        return Decision(name="avoid", reason=f"the verdict is {verdict}: a cost without a gain that matters")
    if verdict not in SUPPORTED:
        return Decision(name="collect more", reason=f"the verdict is {verdict}")
    if overhead is None or overhead.high is None:
        return Decision(name="collect more", reason="the gain is supported, but what it costs was not timed")
    if overhead.high <= accepted:
        return Decision(name="use", reason=f"supported, at most {overhead.high:.2f} times the time per epoch")
    if equal_time_verdict in SUPPORTED:
        return Decision(
            name="optional", reason=f"supported also at equal time; {overhead.estimate:.2f} times the time per epoch"
        )
    control = "was not given the same time" if equal_time_verdict is None else "catches up in the same time"
    return Decision(
        name="collect more" if equal_time_verdict is None else "avoid",
        reason=f"supported at up to {overhead.high:.2f} times the time per epoch, and the baseline {control}",
    )
