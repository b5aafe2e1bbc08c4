"""Every verdict with what its treatment costs, and what follows from both."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas

from analysis.describing.cost import Decision, overhead_of, seconds_of_arms, worth_using
from analysis.judging.contrasts import Judged
from analysis.statistics.estimate import Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Priced:
    """A judged contrast with its overhead (None where it was not timed) and what follows from both."""

    judged: Judged
    overhead: Estimate | None
    decision: Decision


def priced(judged: Sequence[Judged], runs: pandas.DataFrame) -> list[Priced]:
    """Every judged contrast with what its treatment costs over its baseline."""
    seconds, found = seconds_of_arms(runs), []
    for one in judged:
        sides = (one.contrast.treatment, one.contrast.baseline)
        overhead = overhead_of(*(seconds.get((one.condition_signature, arm)) for arm in sides))
        found.append(Priced(judged=one, overhead=overhead, decision=worth_using(one.verdict.name, overhead)))
    return found
