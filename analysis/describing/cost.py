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


def overhead_of(runs: pandas.DataFrame, *, treatment: str, baseline: str) -> Estimate | None:
    """The overhead ratio of two arms of one Condition's runs, from their timings alone; None where they have none."""
    if any(name not in runs for name in COST_REPEATS):
        return None
    repeats, arms, seconds = runs[list(COST_REPEATS)].to_numpy(dtype=float), runs["arm"].to_numpy(dtype=object), []
    for arm in (treatment, baseline):
        distinct = dict.fromkeys(map(tuple, repeats[arms == arm].tolist()))  # a block's runs share their arm's timing
        seconds.append(numpy.array(list(distinct), dtype=float).ravel())
    if len(seconds[0]) != len(seconds[1]) or not all((one > 0).all() and len(one) > 1 for one in seconds):
        return None
    return overhead_ratio(seconds[0], seconds[1])


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
