"""A claimed gain between unmatched results, taken apart by bridging runs."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy
from numpy import ndarray

from analysis.statistics.estimate import Estimate, sample
from analysis.statistics.significance import paired_t


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What one change contributes, in pp."""

    name: str
    effect: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Decomposition:
    """The parts of a claim, which add up to it; reproduced: all steps together, on the same seeds."""

    claimed: float
    parts: tuple[Part, ...]
    reproduced: Estimate


def decompose(
    claimed: float | None, start: Sequence[float] | ndarray, steps: Sequence[tuple[str, Sequence[float] | ndarray]]
) -> Decomposition:
    """The parts of a gain claimed between `start` and the last of `steps`, one change at a time.

    start: (seeds,) percent of the baseline as it was claimed against. steps: (what changes, percent after the change)
    in order, on the same seeds: schedule, epochs, tuning, treatment. claimed: the figure in pp that was published, or
    None for what is found here. What the steps do not reproduce is the last part, "selection and chance": the claim
    less the gain on fresh seeds, with that gain's interval. The order of the steps is a choice: state it.
    """
    before = sample(start, least=2)
    if not steps:
        raise ValueError("a decomposition needs at least one step, got none")
    values = before
    parts: list[Part] = []
    for name, after in steps:
        following = sample(after, least=2)
        if len(following) != len(before):
            raise ValueError(f"every step needs the same seeds: {name!r} has {len(following)}, the start {len(before)}")
        parts.append(Part(name=name, effect=paired_t(following - values)))
        values = following
    reproduced = paired_t(values - before)
    total = float(numpy.mean(values - before))
    if claimed is not None:
        parts.append(Part(name="selection and chance", effect=_remainder(claimed, reproduced)))
    return Decomposition(claimed=total if claimed is None else claimed, parts=tuple(parts), reproduced=reproduced)


def _remainder(claimed: float, reproduced: Estimate) -> Estimate:
    """The claim less what was reproduced; its interval is that of the reproduction, turned."""
    gain = reproduced.estimate or 0.0
    return Estimate(
        estimate=claimed - gain,
        low=None if reproduced.high is None else claimed - reproduced.high,
        high=None if reproduced.low is None else claimed - reproduced.low,
        df=reproduced.df,
        n=reproduced.n,
        method="claim less the gain on fresh seeds",
    )
