"""Every verdict with what its treatment costs, and what follows from both."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas

from analysis.describing.cost import Decision, overhead_of, worth_using
from analysis.judging.contrasts import Judged
from analysis.statistics.estimate import Estimate
from spectra_tune.results import COST_REPEATS


@dataclass(frozen=True, slots=True, kw_only=True)
class Priced:
    """A judged contrast with its overhead (None where it was not timed) and what follows from both."""

    judged: Judged
    overhead: Estimate | None
    decision: Decision


def priced(judged: Sequence[Judged], runs: pandas.DataFrame) -> list[Priced]:
    """Every judged contrast with what its treatment costs over its baseline."""
    timings = runs[["condition_signature", "arm", *(name for name in COST_REPEATS if name in runs)]]
    found, by_condition = [], dict(list(timings.drop_duplicates().groupby("condition_signature")))
    for one in judged:
        of_condition = by_condition.get(one.condition_signature, timings.iloc[:0])
        overhead = overhead_of(of_condition, treatment=one.contrast.treatment, baseline=one.contrast.baseline)
        found.append(Priced(judged=one, overhead=overhead, decision=worth_using(one.verdict.name, overhead)))
    return found
