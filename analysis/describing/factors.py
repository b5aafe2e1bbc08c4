"""By factor: how a study's gains over no penalty go with what its Conditions and Treatments differ in."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas

from analysis.judging.contrasts import pairs_of
from analysis.statistics.main_effects import main_effects
from analysis.statistics.significance import holm, paired_t
from spectra_tune.design import SPLIT_METRICS, Study, levels

OF_TREATMENTS = ("penalty", "strength", "sigma_end")

COLUMNS = ("metric", "beyond", "factor", "level", "conditions", "effect", "low", "high", "p_of_factor", "p_adjusted")


def gains_table(study: Study, runs: pandas.DataFrame) -> pandas.DataFrame:
    """A row per metric, Condition and arm that a contrast sets against `none`: its mean gain over seeds.

    metric: the outcome, and descriptive ones in its unit. condition: a label; beside it the level of every factor in
    which Conditions differ, and the arm's own `penalty`, `strength` and `sigma_end` (None of a penalty without a
    target). gain: above 0 where the arm is better.
    """
    of_conditions = dict(zip(study.labels(), varied(levels(study.conditions)), strict=True))
    names, arms = study.labels(), dict(study.arms)
    rows: list[dict[str, Any]] = []
    for metric in metrics_of(study):
        for contrast in study.contrasts:
            if contrast.baseline != "none":
                continue
            treatment = arms[contrast.treatment].treatment
            own = {name: getattr(treatment, name) for name in OF_TREATMENTS}
            for signature, found in pairs_of(study, contrast, runs, metric).items():
                if isinstance(found, str):
                    continue
                row = {"metric": metric, "condition": names[signature], "arm": contrast.treatment}
                row |= of_conditions[signature] | own
                rows.append(row | {"gain": float(found.gains.mean()), "seeds": len(found)})
    return pandas.DataFrame.from_records(rows)


def varied(found: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Of all levels those of factors that have two or more, None where a Condition has not the factor."""
    names = [
        name for name in dict.fromkeys(name for one in found for name in one)
        if len({one.get(name) for one in found}) > 1
    ]  # fmt: skip
    return [{name: one.get(name) for name in names} for one in found]


def metrics_of(study: Study) -> list[str]:
    """The outcome, and what stands beside it in the same unit."""
    unit = study.outcome.measured.metric.unit
    beside = [name for name in study.outcome.descriptive if SPLIT_METRICS[name].metric.unit == unit]
    return [study.outcome.metric, *beside]


def effects_table(study: Study, gains: pandas.DataFrame) -> pandas.DataFrame:
    """A row per metric, factor and level: by how much the gain of penalties with a target lies above its mean there.

    The row of factor "" is the mean itself. beyond: empty, or the outcome whose gain is subtracted first, which makes
    the rows the factors' interactions with the kind of outcome. 95 % intervals from Conditions, of which each is one
    piece of evidence however many arms it has. p_of_factor: of the hypothesis that all levels are equal, adjusted by
    Holm over all factors and metrics of the table.
    """
    spectral = gains[gains["sigma_end"].notna()]
    wide = spectral.pivot(index=["condition", "arm"], columns="metric", values="gain")
    keys = [*study.factors, *(name for name in OF_TREATMENTS if spectral[name].nunique() > 1)]
    factors = spectral[spectral["metric"] == study.outcome.metric].set_index(["condition", "arm"])[keys].loc[wide.index]
    clusters = wide.index.get_level_values("condition")
    rows = []
    for metric, beyond in _told(list(wide.columns), study.outcome.metric):
        y = wide[metric] - (wide[beyond] if beyond else 0.0)
        rows += _rows(metric, beyond, y, factors, clusters)
    table = pandas.DataFrame.from_records(rows, columns=list(COLUMNS))
    once = table[table["factor"] != ""].drop_duplicates(["metric", "beyond", "factor"]).index
    adjusted = pandas.Series(holm(table.loc[once, "p_of_factor"].to_numpy()), index=once)
    return table.assign(p_adjusted=adjusted.reindex(table.index).ffill().where(table["factor"] != ""))


def _told(metrics: Sequence[str], outcome: str) -> list[tuple[str, str]]:
    others = [name for name in metrics if name != outcome]
    return [(outcome, ""), *((name, "") for name in others), *((name, outcome) for name in others)]


def _rows(metric: str, beyond: str, y: Any, factors: pandas.DataFrame, clusters: Any) -> list[dict[str, Any]]:
    found = main_effects(y.to_numpy(), {str(name): list(factors[name]) for name in factors}, list(clusters))
    mean = {"factor": "", "level": "", "conditions": found.clusters, "effect": found.mean.estimate}
    rows: list[dict[str, Any]] = [mean | {"low": found.mean.low, "high": found.mean.high}]
    for name, by_level in found.levels.items():
        for level, one in by_level.items():
            there = len(set(clusters[(factors[name] == level).to_numpy()]))
            row = {"factor": name, "level": str(level), "conditions": there, "effect": one.estimate}
            rows.append(row | {"low": one.low, "high": one.high, "p_of_factor": found.differ[name].p})
    return [{"metric": metric, "beyond": beyond, **row} for row in rows]


def picked(study: Study, runs: pandas.DataFrame, conditions: int) -> pandas.DataFrame:
    """What a confirmation on fresh seeds may ask: so many Conditions, each with an arm, the surest gains first.

    Of each Condition the arm with a target whose gain over none on validation data has the largest lower bound of its
    95 % interval over seeds. No test data are looked at.
    """
    seen = SPLIT_METRICS[study.outcome.metric].followed.column
    arms, names, rows = dict(study.arms), study.labels(), []
    for contrast in study.contrasts:
        if contrast.baseline != "none" or contrast.differs or arms[contrast.treatment].treatment.sigma_end is None:
            continue
        for signature, found in pairs_of(study, contrast, runs, seen).items():
            if not isinstance(found, str):
                gain = paired_t(found.gains)
                row = {"condition_signature": signature, "condition": names[signature], "arm": contrast.treatment}
                rows.append(row | {"gain": gain.estimate, "low": gain.low, "high": gain.high})
    table = pandas.DataFrame.from_records(rows).sort_values("low", ascending=False, kind="stable")
    return table.drop_duplicates("condition_signature").head(conditions).reset_index(drop=True)
