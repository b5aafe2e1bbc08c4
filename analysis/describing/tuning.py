"""What a search says: configurations, candidates, the plan of their confirmation. Everything here is exploratory."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy
import pandas

from analysis.judging.compared import column_of_factor, plain
from analysis.judging.selection import best_of_m_bias
from analysis.statistics.planning import sd_upper_limit, seeds_needed, seeds_to_reach
from analysis.statistics.sequential import anytime_interval
from analysis.statistics.significance import paired_t
from spectra_tune.design import SPLIT_METRICS, NotComparable, Study, condition_signature
from spectra_tune.results import scored

LEAST_SEEDS = 10
"""Of a confirmation, where its pool has so many."""

POWER = 0.8

RACE_ALPHA = 0.1
"""Of each elimination: a race only selects, and its winner is confirmed on fresh seeds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """The configuration that one side of one stratum sends to the confirmation."""

    condition_signature: str
    arm: str
    side: str  # "treatment" or "baseline"
    configuration: int
    values: dict[str, float | str | bool]  # of its side's factors
    outcomes: tuple[float, ...]  # validation, by search seed; in the metric's unit
    mean: float
    low: float  # of the 95 % t interval: the rule picks the one whose worse end is best
    high: float
    near_best: tuple[int, ...]  # configurations that a paired t interval does not separate from this one, it included
    tried: int
    distinct: int
    runs: int  # spent
    epochs: int  # spent, over all runs


def validation(metric: str) -> str:
    """The validation sibling of an outcome."""
    return SPLIT_METRICS[metric].on("validation").column


def mean_of(outcomes: Sequence[float]) -> float:
    """The objective "mean"."""
    return float(numpy.mean(outcomes))


def lower_bound_of(outcomes: Sequence[float]) -> float:
    """The objective "lower_bound": the lower end of the mean's 95 % t interval."""
    return bounds(numpy.asarray(outcomes, dtype=float))[1]


def still_racing(outcomes: Mapping[int, Sequence[float]], margin: float) -> list[int]:
    """Configurations of a race that are not eliminated, by number; the best is never.

    outcomes: each one's values on the same seeds in the same order; margin in their unit. One is eliminated as soon as
    the anytime interval of (it - best) says that it is worse, that it is equivalent, or that it cannot be better by
    more than the margin: its upper end is at most the margin.
    """
    best = max(outcomes, key=lambda number: (float(numpy.mean(outcomes[number])), -number))
    stay = []
    for number, values in outcomes.items():
        d = numpy.asarray(values, dtype=float) - numpy.asarray(outcomes[best], dtype=float)
        if number == best or len(d) < 2:
            stay.append(number)
            continue
        if float(numpy.ptp(d)) <= 1e-12:
            eliminated = len(d) > 2 and float(d[0]) <= margin
        else:
            high = anytime_interval(d, level=1 - RACE_ALPHA).high
            eliminated = high is not None and high <= margin
        if not eliminated:
            stay.append(number)
    return stay


def candidates(study: Study, runs: pandas.DataFrame) -> list[Candidate]:
    """The best lower bound of each side of each stratum, among configurations that trained to their end on all seeds.

    Of a metric whose less is better it is the best upper bound. Ties go to the lower number. A run that diverged or
    failed counts as the constant predictor of its validation set.
    """
    assert study.search is not None
    metric = validation(study.outcome.metric)
    found = []
    searched = runs[runs["stage"] == "search"]
    for condition in study.conditions:
        signature = condition_signature(condition)
        for arm, side in study.sides().items():
            rows = searched[(searched["condition_signature"] == signature) & (searched["arm"] == arm)]
            found.append(_candidate(study, signature, arm, side, rows, outcomes_of(rows, metric)))
    return found


def outcomes_of(rows: pandas.DataFrame, metric: str) -> pandas.DataFrame:
    """Validation outcomes, see results.scored, in their unit: configurations x seeds, NaN where a run was stopped."""
    values = scored(rows, metric).where(rows["status"] != "stopped") * SPLIT_METRICS[metric].metric.scale
    return rows.assign(value=values).pivot(index="configuration", columns="seed", values="value")


def _candidate(
    study: Study, signature: str, arm: str, side: str, rows: pandas.DataFrame, outcomes: pandas.DataFrame
) -> Candidate:
    assert study.search is not None
    full = outcomes.reindex(columns=list(study.seeds.search)).dropna()
    if full.empty:
        raise NotComparable(f"no configuration of {arm!r} trained on all search seeds: there is nothing to confirm")
    by_number = dict(zip(map(int, full.index.to_list()), full.to_numpy(dtype=float), strict=True))
    by_bounds = {number: bounds(values) for number, values in by_number.items()}
    sign = study.outcome.measured.metric.sign
    worse_end = 1 if sign > 0 else 2
    best = max(by_bounds, key=lambda number: (sign * by_bounds[number][worse_end], -number))
    at_best = by_number[best]
    near = [number for number, values in by_number.items() if number == best or _not_worse(sign * (values - at_best))]
    first = rows[rows["configuration"] == best].iloc[0]
    distinct = rows.drop_duplicates(["signature"])
    mean, low, high = by_bounds[best]
    return Candidate(
        condition_signature=signature,
        arm=arm,
        side=side,
        configuration=best,
        values={name: plain(first[column_of_factor(name)]) for name, _ in study.search.space(side)},
        outcomes=tuple(map(float, at_best)),
        mean=mean,
        low=low,
        high=high,
        near_best=tuple(near),
        tried=int(rows["configuration"].nunique()),
        distinct=int(rows.groupby("configuration")["signature"].first().nunique()),
        runs=len(distinct),
        epochs=int(distinct["epochs"].sum()),
    )


def bounds(values: numpy.ndarray) -> tuple[float, float, float]:
    """Mean and its 95 % t interval; of one value itself."""
    if len(values) < 2:
        return float(values[0]), float(values[0]), float(values[0])
    found = paired_t(values)
    mean = float(found.estimate or 0.0)
    return mean, mean if found.low is None else found.low, mean if found.high is None else found.high


def _not_worse(d: numpy.ndarray) -> bool:
    """Whether the 95 % t interval of a mean difference reaches 0."""
    return bounds(d)[2] >= 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmationPlan:
    """What is recorded before the first confirmation run: candidates, and how many fresh seeds judge them."""

    candidates: tuple[Candidate, ...]
    seeds: tuple[int, ...]  # the first ones of the pool
    sd: float  # upper 80 % limit of the largest spread of paired differences on search seeds, in the metric's unit
    needed: int | None  # seeds for 80 % power at the margin; None where no pool would do

    def of(self, signature: str) -> dict[str, Candidate]:
        """The candidates of one stratum, by arm."""
        return {one.arm: one for one in self.candidates if one.condition_signature == signature}

    def values(self, signature: str) -> dict[str, dict[str, float | str | bool]]:
        """The values of each side's candidate in one stratum, by arm."""
        return {arm: one.values for arm, one in self.of(signature).items()}


def plan_confirmation(study: Study, runs: pandas.DataFrame) -> ConfirmationPlan:
    """Candidates, and as many seeds as the margin needs at alpha/m with the search's spread, 10 at least."""
    chosen = candidates(study, runs)
    by_key = {(one.condition_signature, one.arm): one for one in chosen}
    spread = 0.0
    for condition in study.conditions:
        signature = condition_signature(condition)
        for contrast in study.tuned_contrasts:
            one, other = by_key[signature, contrast.treatment], by_key[signature, contrast.baseline]
            d = numpy.asarray(one.outcomes) - numpy.asarray(other.outcomes)
            if len(d) > 1 and float(numpy.std(d, ddof=1)) > 0:
                spread = max(spread, sd_upper_limit(float(numpy.std(d, ddof=1)), len(d)))
    level = study.outcome.alpha / study.tests
    needed: int | None = 2
    if spread > 0:
        try:
            needed = seeds_needed(spread, study.outcome.margin_in_unit, level, POWER)
        except ValueError:
            needed = None
    pool = study.seeds.confirm
    least = max(LEAST_SEEDS, seeds_to_reach(study.outcome.alpha))
    count = len(pool) if needed is None else min(len(pool), max(least, needed))
    return ConfirmationPlan(candidates=tuple(chosen), seeds=pool[:count], sd=spread, needed=needed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuned:
    """One contrast of one stratum: the gain that the search promised, and the one that the confirmation found."""

    condition: str
    treatment: Candidate
    baseline: Candidate
    promised: float  # gain by the candidates' mean validation outcomes: optimistic, both are best of many
    confirmed: float | None
    best_of_many: float | None  # expected best of so many equal configurations above their mean, from the spread of one

    @property
    def shrinkage(self) -> float | None:
        """Share of the promise that the confirmation did not keep; None where nothing was promised."""
        if self.confirmed is None or self.promised <= 0:
            return None
        return 1 - self.confirmed / self.promised


def tuned(study: Study, plan: ConfirmationPlan, confirmed: Mapping[tuple[str, str], float | None]) -> list[Tuned]:
    """Every contrast's promise beside its confirmation; confirmed: mean gains by (signature, baseline)."""
    found, labels = [], study.labels()
    for condition in study.conditions:
        signature = condition_signature(condition)
        by_arm = plan.of(signature)
        for contrast in study.tuned_contrasts:
            one, other = by_arm[contrast.treatment], by_arm[contrast.baseline]
            spread = float(numpy.std(one.outcomes, ddof=1)) if len(one.outcomes) > 1 else math.nan
            bias = best_of_m_bias(one.tried, len(one.outcomes), spread) if math.isfinite(spread) else None
            found.append(
                Tuned(
                    condition=labels[signature],
                    treatment=one,
                    baseline=other,
                    promised=study.outcome.measured.metric.sign * (one.mean - other.mean),
                    confirmed=confirmed.get((signature, contrast.baseline)),
                    best_of_many=bias,
                )
            )
    return found
