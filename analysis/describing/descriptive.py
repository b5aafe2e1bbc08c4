"""What a study also shows, without a verdict: other metrics, means over tasks, capacity, costs, a claim's parts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy
import pandas

from analysis.describing.cost import Decision, overhead_of, worth_using
from analysis.judging.contrasts import Judged, judge_study, pairs_of
from analysis.judging.generalization import gap_of
from analysis.judging.matching import Differences, pair
from analysis.statistics.decomposition import Decomposition, decompose
from analysis.statistics.estimate import Estimate
from analysis.statistics.intervals import binomial_interval
from analysis.statistics.pooling import Interaction, Pooled, across_tasks, interaction_with_capacity
from analysis.statistics.significance import paired_t
from spectra_tune.design import Condition, Contrast, Study, condition_signature, differing_fields
from spectra_tune.results import COST_REPEATS

CLAIMS = ("supported, at least the margin", "supported but negligible", "supported, size open", "harmful")
"""Verdicts that claim a difference."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PooledContrast:
    """A contrast's mean over the study's tasks."""

    contrast: Contrast
    pooled: Pooled


@dataclass(frozen=True, slots=True, kw_only=True)
class CapacityTrend:
    """How a contrast's difference changes with width on one task."""

    contrast: Contrast
    task: str
    widths: tuple[float, ...]
    interaction: Interaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Priced:
    """A judged contrast with its overhead (None where it was not timed) and what follows from both."""

    judged: Judged
    overhead: Estimate | None
    decision: Decision


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorRate:
    """How often sub-studies of so many seeds claimed a difference between equal Treatments."""

    contrast: Contrast
    seeds_each: int
    rate: Estimate  # of sub-studies with a claim


def descriptive_table(study: Study, runs: pandas.DataFrame) -> pandas.DataFrame:
    """Mean difference and 95 % interval of each descriptive outcome, contrast and Condition; no test, no verdict.

    Of every study the first outcome is the generalization gap of its own measure. unit: pp for accuracies, nats for
    losses. baseline and treatment: the arms' means, percent or nats. An outcome that cannot be compared has its reason
    in `note`.
    """
    rows, labels = [], study.labels()
    confirmed = runs[(runs["stage"] == "confirm") & runs["condition_signature"].isin(list(labels))]
    for metric in dict.fromkeys((gap_of(study.outcome.metric), *study.outcome.descriptive)):
        paired = {contrast: pairs_of(study, contrast, confirmed, metric) for contrast in study.contrasts}
        for signature, label in labels.items():
            for contrast in study.contrasts:
                row = {"metric": metric, "condition": label, "contrast": str(contrast)}
                rows.append(row | _described(paired[contrast][signature]))
    return pandas.DataFrame.from_records(rows)


def _described(found: Differences | str) -> dict[str, Any]:
    """The numbers of a descriptive outcome, or a note why there are none."""
    if isinstance(found, str):
        return {"note": found}
    if len(found) < 2:
        return {"note": "one seed has no interval"}
    t = paired_t(found.values)
    means = {"baseline": float(found.baseline_values.mean()), "treatment": float(found.treatment_values.mean())}
    return means | {"mean": t.estimate, "low": t.low, "high": t.high, "n": t.n, "unit": found.unit}


def by_task(study: Study, judged: Sequence[Judged], contrast: Contrast) -> dict[str, numpy.ndarray]:
    """A contrast's differences on each task, pp, one per seed: a task's Conditions are averaged seed by seed.

    Tasks with fewer than two seeds are left out, and so are all of a contrast that spans epochs.
    """
    if "epochs" in contrast.differs:
        return {}
    parts: dict[str, list[pandas.Series]] = {}
    for condition, series in _by_seed(judged, contrast, study.conditions):
        parts.setdefault(str(condition.task), []).append(series)
    means = {task: pandas.concat(of_task, axis=1, join="inner").mean(axis=1) for task, of_task in parts.items()}
    return {task: d.to_numpy() for task, d in means.items() if len(d) >= 2}


def over_tasks(study: Study, judged: Sequence[Judged]) -> list[PooledContrast]:
    """Each contrast's mean over tasks, where a study has several; a task's Conditions are averaged seed by seed."""
    found = []
    for contrast in study.contrasts:
        means = by_task(study, judged, contrast)
        if len(means) >= 2:
            found.append(PooledContrast(contrast=contrast, pooled=across_tasks(means)))
    return found


def with_capacity(study: Study, judged: Sequence[Judged]) -> list[CapacityTrend]:
    """The change per doubling of width of each contrast on each task that the study ran at three widths or more.

    Conditions of a task that differ in anything but the width are not put on one line.
    """
    found = []
    for contrast in study.contrasts:
        lines: dict[tuple[str, str], dict[float, pandas.Series]] = {}
        for condition, series in _by_seed(judged, contrast, study.conditions):
            width = getattr(condition.network, "width", None)
            if width is not None:
                lines.setdefault((str(condition.task), _but_width(condition)), {})[float(width)] = series
        for (task, _), by_width in lines.items():
            widths = tuple(sorted(by_width))
            table = pandas.concat([by_width[width] for width in widths], axis=1, join="inner")
            if len(widths) >= 3 and len(table) >= 2:
                trend = interaction_with_capacity(table.to_numpy(), widths)
                found.append(CapacityTrend(contrast=contrast, task=task, widths=widths, interaction=trend))
    return found


def _but_width(condition: Condition) -> str:
    """All of a Condition but its width, as text."""
    network = {name: getattr(condition.network, name) for name in getattr(condition.network, "__slots__", ())}
    return str((network | {"width": None}, condition.epochs, condition.batch_size, condition.learning_rate))


def _by_seed(
    judged: Sequence[Judged], contrast: Contrast, conditions: Iterable[Condition]
) -> list[tuple[Condition, pandas.Series]]:
    """A contrast's differences in each Condition where they may be compared, indexed by seed."""
    of_contrast = {one.condition_signature: one.differences for one in judged if one.contrast == contrast}
    found = []
    for condition in conditions:
        differences = of_contrast.get(condition_signature(condition))
        if differences is not None:
            found.append((condition, pandas.Series(differences.values, index=differences.seed)))
    return found


def priced(judged: Sequence[Judged], runs: pandas.DataFrame) -> list[Priced]:
    """Every judged contrast with what its treatment costs over its baseline."""
    timings = runs[["condition_signature", "arm", *(name for name in COST_REPEATS if name in runs)]]
    found, by_condition = [], dict(list(timings.drop_duplicates().groupby("condition_signature")))
    for one in judged:
        of_condition = by_condition.get(one.condition_signature, timings.iloc[:0])
        overhead = overhead_of(of_condition, treatment=one.contrast.treatment, baseline=one.contrast.baseline)
        found.append(Priced(judged=one, overhead=overhead, decision=worth_using(one.verdict.name, overhead)))
    return found


def parts_of_claim(study: Study, runs: pandas.DataFrame) -> dict[str, Decomposition]:
    """The study's claim taken apart in each Condition, by its label; empty without a claim.

    Every step is paired like a contrast that declares what its two arms differ in.
    """
    if study.claim is None:
        return {}
    found, arms = {}, dict(study.arms)
    for condition in study.conditions:
        of_condition = runs[
            (runs["condition_signature"] == condition_signature(condition)) & (runs["stage"] == "confirm")
        ]
        start, steps = None, []
        for before, (what, after) in zip(study.claim.chain, study.claim.steps, strict=False):
            differences = pair(
                of_condition,
                treatment=after,
                baseline=before,
                metric=study.outcome.metric,
                differs=differing_fields(condition, arms[after], arms[before]),
            )
            start = differences.baseline_values if start is None else start
            steps.append((what, differences.treatment_values))
        label = study.labels()[condition_signature(condition)]
        found[label] = decompose(study.claim.gain_pp, start if start is not None else [], steps)
    return found


def error_rates(study: Study, runs: pandas.DataFrame, seeds_each: int = 10) -> list[ErrorRate]:
    """Of every contrast of equal Treatments that differ in their stream: the share of sub-studies that claim a
    difference, each on `seeds_each` seeds of its own and judged like the whole study. At least 10 sub-studies.
    """
    arms, seeds = dict(study.arms), sorted(study.seeds.confirm)
    groups = [seeds[start : start + seeds_each] for start in range(0, len(seeds) - seeds_each + 1, seeds_each)]
    repeated = [
        contrast
        for contrast in study.contrasts
        if arms[contrast.treatment].treatment == arms[contrast.baseline].treatment and contrast.differs == {"stream"}
    ]
    if not repeated or len(groups) < 10:
        return []
    claims = dict.fromkeys(repeated, 0)
    of_group = {seed: number for number, group in enumerate(groups) for seed in group}
    for _, rows in runs.groupby(runs["seed"].map(of_group)):
        judged = judge_study(study, rows)
        for contrast in repeated:
            claims[contrast] += any(one.verdict.name in CLAIMS for one in judged if one.contrast == contrast)
    return [
        ErrorRate(contrast=contrast, seeds_each=seeds_each, rate=binomial_interval(count, len(groups)))
        for contrast, count in claims.items()
    ]


def at_ceiling(judged: Sequence[Judged]) -> list[Judged]:
    """Contrasts of which half of the baseline's runs or more are at 100 %."""
    return [
        one
        for one in judged
        if one.differences is not None and float(numpy.mean(one.differences.baseline_values >= 100 - 1e-9)) >= 0.5
    ]
