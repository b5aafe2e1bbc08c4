"""What a search says: configurations, candidates, the plan of their confirmation. Everything here is exploratory."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy
import pandas

from analysis.judging.compared import values_of
from analysis.judging.measured import bounds_of
from analysis.judging.selection import best_of_m_bias
from analysis.statistics.bounded_mean import bounded_mean
from analysis.statistics.planning import sd_upper_limit, seeds_needed, seeds_to_reach
from analysis.statistics.sequential import anytime_interval
from spectra_tune.design import SPLIT_METRICS, Metric, NotComparable, Study, condition_signature
from spectra_tune.results import scored

LEAST_SEEDS = 10
"""Of a confirmation, where its pool has so many."""

POWER = 0.8

RULE = (
    "of the configurations that trained to their end on all search seeds, the one whose mean validation outcome has "
    "the best worse end of its 95 % interval (t, on a scale that fits the metric's bounds); of equals the lower number"
)
"""Which configuration of a side is its candidate."""

EVERYWHERE = (-math.inf, math.inf)

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
    low: float  # of the 95 % interval: see RULE
    high: float
    near_best: tuple[int, ...]  # configurations that a paired t interval does not separate from this one, it included
    tried: int
    distinct: int
    runs: int  # spent
    epochs: int  # spent, over all runs


def untuned(study: Study) -> str:
    """What a search without a nuisance space leaves undone, or an empty string: its baselines stay as declared."""
    if study.search is None or study.search.nuisance_space:
        return ""
    baselines = [arm for arm, side in study.sides().items() if side == "baseline"]
    few = "stays" if len(baselines) == 1 else "stay"
    return (
        f"{', '.join(baselines)} {few} untuned: without a nuisance_space it is one configuration, repeated, against "
        f"{study.search.configurations} of {study.contrasts[0].treatment}, and a gain may be that of tuning alone; "
        "give both sides a nuisance_space, such as search_spaces.OPTIMIZER"
    )


def validation(metric: str) -> str:
    """The validation sibling of an outcome."""
    return SPLIT_METRICS[metric].on("validation").column


def mean_of(outcomes: Sequence[float]) -> float:
    """The objective "mean"."""
    return float(numpy.mean(outcomes))


def lower_bound_of(outcomes: Sequence[float], metric: Metric) -> float:
    """The objective "lower_bound": the worse end of the mean's 95 % interval, of outcomes signed so that more is
    better, in the run table's numbers."""
    low, high = sorted(metric.sign * bound for bound in metric.bounds)
    return _interval(numpy.asarray(outcomes, dtype=float), (low, high))[1]


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


def candidates(study: Study, runs: pandas.DataFrame, confirmed: pandas.DataFrame | None = None) -> list[Candidate]:
    """The configuration of each side of each stratum by RULE, among those that trained to their end on all seeds.

    confirmed: the confirmation's runs, where there are some: what they confirm was chosen, and is not chosen again. A
    run that diverged or failed counts as the constant predictor of its validation set.
    """
    assert study.search is not None
    metric = validation(study.outcome.metric)
    found = []
    searched = runs[runs["stage"] == "search"]
    for condition in study.conditions:
        signature = condition_signature(condition)
        for arm, side in study.sides().items():
            rows = searched[(searched["condition_signature"] == signature) & (searched["arm"] == arm)]
            of_arm = () if confirmed is None else _numbers(confirmed, signature, arm)
            found.append(_candidate(study, signature, arm, side, rows, outcomes_of(rows, metric), of_arm))
    return found


def outcomes_of(rows: pandas.DataFrame, metric: str) -> pandas.DataFrame:
    """Validation outcomes, see results.scored, in their unit: configurations x seeds, NaN where a run was stopped."""
    values = scored(rows, metric).where(rows["status"] != "stopped") * SPLIT_METRICS[metric].metric.scale
    return rows.assign(value=values).pivot(index="configuration", columns="seed", values="value")


def _numbers(confirmed: pandas.DataFrame, signature: str, arm: str) -> tuple[int, ...]:
    """The configuration that an arm's confirmation was of; none where it has not run."""
    rows = confirmed[(confirmed["condition_signature"] == signature) & (confirmed["arm"] == arm)]
    return tuple(map(int, rows["configuration"].dropna().unique())) if "configuration" in rows else ()


def _candidate(
    study: Study,
    signature: str,
    arm: str,
    side: str,
    rows: pandas.DataFrame,
    outcomes: pandas.DataFrame,
    confirmed: tuple[int, ...],
) -> Candidate:
    assert study.search is not None
    full = outcomes.reindex(columns=list(study.seeds.search)).dropna()
    if full.empty:
        raise NotComparable(f"no configuration of {arm!r} trained on all search seeds: there is nothing to confirm")
    by_number = dict(zip(map(int, full.index.to_list()), full.to_numpy(dtype=float), strict=True))
    measured = study.outcome.measured.metric
    by_bounds = {number: bounds(values, measured) for number, values in by_number.items()}
    sign, worse_end = measured.sign, 1 if measured.higher_is_better else 2
    best = max(confirmed or by_bounds, key=lambda number: (sign * by_bounds[number][worse_end], -number))
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
        values=values_of(study.space(arm), first.to_dict()),
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


def bounds(values: numpy.ndarray, metric: Metric) -> tuple[float, float, float]:
    """Mean and its 95 % interval within the metric's bounds, in its unit; of one value itself."""
    return _interval(values, bounds_of(metric))


def _interval(values: numpy.ndarray, within: tuple[float, float]) -> tuple[float, float, float]:
    if len(values) < 2:
        return float(values[0]), float(values[0]), float(values[0])
    found = bounded_mean(values, within)
    assert found.estimate is not None
    assert found.low is not None
    assert found.high is not None
    return found.estimate, found.low, found.high


def _not_worse(d: numpy.ndarray) -> bool:
    """Whether the 95 % t interval of a mean difference reaches 0."""
    return _interval(d, EVERYWHERE)[2] >= 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmationPlan:
    """What is recorded before the first confirmation run: candidates, and how many fresh seeds judge them."""

    candidates: tuple[Candidate, ...]
    seeds: tuple[int, ...]  # the first ones of the pool
    sd: float  # upper 80 % limit of the largest spread of paired differences on search seeds, in the metric's unit
    needed: int | None  # seeds for 80 % power at the margin; None where no pool would do
    rule: str = RULE

    def of(self, signature: str) -> dict[str, Candidate]:
        """The candidates of one stratum, by arm."""
        return {one.arm: one for one in self.candidates if one.condition_signature == signature}

    def values(self, signature: str) -> dict[str, dict[str, float | str | bool]]:
        """The values of each side's candidate in one stratum, by arm."""
        return {arm: one.values for arm, one in self.of(signature).items()}


def plan_confirmation(
    study: Study, runs: pandas.DataFrame, confirmed: pandas.DataFrame | None = None
) -> ConfirmationPlan:
    """Candidates, and as many seeds as the margin needs at alpha/m with the search's spread, 10 at least.

    confirmed: see `candidates`.
    """
    chosen = candidates(study, runs, confirmed)
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
    within_noise: bool  # the 95 % t interval of the promise over the search seeds reaches 0
    best_of_many: float | None  # expected best of so many equal configurations above their mean, from the spread of one

    @property
    def shrinkage(self) -> float | None:
        """Share of the promise that the confirmation did not keep; None where none was made, or none beyond noise."""
        if self.confirmed is None or self.promised <= 0 or self.within_noise:
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
                    within_noise=_is_noise(numpy.asarray(one.outcomes) - numpy.asarray(other.outcomes)),
                    best_of_many=bias,
                )
            )
    return found


def _is_noise(d: numpy.ndarray) -> bool:
    """Whether nothing tells these differences from 0: one alone never does."""
    _, low, high = _interval(d, EVERYWHERE)
    return len(d) < 2 or low <= 0 <= high
