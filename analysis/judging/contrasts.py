"""The contrasts of a study, paired and judged: one row per contrast and Condition."""

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy
import pandas

from analysis.judging.compared import Compared, compared, in_words
from analysis.judging.family import ContrastData
from analysis.judging.matching import Differences, pair
from analysis.judging.measured import bounds_of
from analysis.judging.rules import Rules
from analysis.judging.selection import TuningBudget, check_confirmation, check_equal_budgets
from analysis.judging.verdict import Verdict, judge
from analysis.statistics.bounded_mean import bounded_mean
from analysis.statistics.estimate import Estimate
from analysis.statistics.significance import paired_t
from spectra_tune.design import PHASES, SPLIT_METRICS, Contrast, NotComparable, SplitMetric, Study, condition_signature
from spectra_tune.results import METRICS, column_of, counts_as_constant, probe_columns, scored, sigma_columns


@dataclass(frozen=True, kw_only=True)
class Judged:
    """One contrast in one Condition, with what it was computed from (None where nothing may be compared)."""

    contrast: Contrast
    condition_signature: str
    condition: str  # the Condition's label
    differences: Differences | None
    verdict: Verdict
    compared: Compared | None = None  # of a searching study: both sides as they were confirmed


def judge_study(study: Study, runs: pandas.DataFrame) -> list[Judged]:
    """Every registered contrast of a study with its verdict; one that cannot be compared still counts in m."""
    labels = study.labels()
    confirmed = runs[(runs["stage"] == "confirm") & runs["condition_signature"].isin(list(labels))]
    seeds = runs.groupby("stage")["seed"].unique()
    refused = ""
    try:
        check_confirmation(seeds.get("search", ()), seeds.get("confirm", ()))
        _check_budgets(study, runs)
    except NotComparable as error:
        refused = str(error)
    one_split = confirmed.groupby("condition_signature")["one_split"].all()
    paired = [pairs_of(study, contrast, confirmed, study.outcome.metric) for contrast in study.contrasts]
    keys: list[tuple[Contrast, str, str]] = []
    found: list[Differences | None] = []
    data: list[ContrastData] = []
    for signature, label in labels.items():
        for contrast, by_condition in zip(study.contrasts, paired, strict=True):
            differences = None if refused else by_condition[signature]
            failure = refused or (differences if isinstance(differences, str) else None)
            differences = differences if isinstance(differences, Differences) else None
            keys.append((contrast, signature, label))
            found.append(differences)
            fixed = bool(one_split.get(signature, True))
            data.append(contrast_data(contrast, study.outcome.measured, fixed, differences, failure))
    rules = Rules(margin=study.outcome.margin_in_unit, alpha=study.outcome.alpha, tests=study.tests)
    verdicts = judge(data, rules)
    judged = [
        Judged(contrast=contrast, condition_signature=signature, condition=label, differences=differences, verdict=one)
        for (contrast, signature, label), differences, one in zip(keys, found, verdicts, strict=True)
    ]
    if study.outcome.measured.plain != study.outcome.measured:
        judged = _with_plain(study, judged, confirmed)
    return judged if study.search is None else [_with_sides(study, one, confirmed) for one in judged]


def _with_plain(study: Study, judged: list[Judged], confirmed: pandas.DataFrame) -> list[Judged]:
    """Contrasts whose sentences say what became of the metric of the samples as they are."""
    plain = study.outcome.measured.plain
    paired = {contrast: pairs_of(study, contrast, confirmed, plain.column) for contrast in study.contrasts}
    return [
        replace(one, verdict=replace(one.verdict, sentence=f"{one.verdict.sentence} {said}"))
        for one in judged
        for said in (_in_words(plain, paired[one.contrast][one.condition_signature]),)
    ]


def _in_words(plain: SplitMetric, found: Differences | str) -> str:
    """A mean difference with its 95 % interval, without a test."""
    name = f"Clean {plain.metric.words}"
    if isinstance(found, str) or len(found) < 2:
        return f"{name}: not known."
    t, mean = paired_t(found.values), float(found.baseline_values.mean())
    interval = "" if t.low is None else f" [{t.low:+.2f}, {t.high:+.2f}]"
    return f"{name}: {t.estimate:+.2f} {found.unit}{interval} from {mean:.1f}{plain.metric.symbol} (descriptive)."


def _with_sides(study: Study, one: Judged, confirmed: pandas.DataFrame) -> Judged:
    """A searching study's contrast with its sides as they were confirmed, which its sentence then names."""
    sides = compared(study, one.contrast, confirmed[confirmed["condition_signature"] == one.condition_signature])
    sentence = in_words(study, one.contrast, sides, one.verdict.sentence)
    return replace(one, compared=sides, verdict=replace(one.verdict, sentence=sentence))


def pairs_of(study: Study, contrast: Contrast, runs: pandas.DataFrame, metric: str) -> dict[str, Differences | str]:
    """A contrast's differences in each Condition by its signature, or why nothing may be compared there."""

    def of(rows: pandas.DataFrame) -> Differences:
        return pair(
            rows,
            treatment=contrast.treatment,
            baseline=contrast.baseline,
            metric=metric,
            differs=spanned_fields(study, contrast, rows),
        )

    signatures = list(study.labels())
    try:
        if study.search is not None:
            raise NotComparable("each stratum has candidates, and so spanned fields, of its own")
        whole = of(runs)  # at once where it can be: a join per Condition takes 20 ms
        if set(whole.condition_signature) == set(signatures):
            return {signature: whole.of(signature) for signature in signatures}
    except NotComparable:
        pass  # whatever it is, the Condition that it is in says so below
    found: dict[str, Differences | str] = {}
    for signature in signatures:
        try:
            found[signature] = of(runs[runs["condition_signature"] == signature])
        except NotComparable as error:
            found[signature] = str(error)
    return found


def spanned_fields(study: Study, contrast: Contrast, rows: pandas.DataFrame) -> frozenset[str]:
    """What a contrast spans in one Condition: what it declares, or the tuned fields in which two candidates differ."""
    if study.search is None:
        return contrast.differs
    if contrast not in study.tuned_contrasts:
        return frozenset()
    one, other = (rows[rows["arm"] == arm] for arm in (contrast.treatment, contrast.baseline))
    if one.empty or other.empty:
        return frozenset()
    columns = {name: column_of(name) for name in study.search.nuisance}
    return frozenset(name for name, column in columns.items() if one[column].iloc[0] != other[column].iloc[0])


def _check_budgets(study: Study, runs: pandas.DataFrame) -> None:
    """Refuses sides of a stratum that were not given equal numbers of configurations."""
    if study.search is None:
        return
    searched = runs[runs["stage"] == "search"]
    tried = searched.groupby(["condition_signature", "arm"])["configuration"].nunique().to_dict()
    for condition in study.conditions:
        signature = condition_signature(condition)
        for contrast in study.tuned_contrasts:
            budgets = [
                TuningBudget(
                    configurations=tried.get((signature, arm), 0),
                    seeds=len(study.seeds.search),
                    epochs=condition.epochs,
                )
                for arm in (contrast.treatment, contrast.baseline)
            ]
            check_equal_budgets(*budgets)


def contrast_data(
    contrast: Contrast, metric: SplitMetric, one_split: bool, found: Differences | None, failure: str | None
) -> ContrastData:
    """What is judged of one contrast in one Condition."""
    empty = numpy.array([])
    return ContrastData(
        metric=metric,
        treatment_values=found.treatment_values if found else empty,
        baseline_values=found.baseline_values if found else empty,
        seeds=found.seed if found else empty,
        diverged_treatment=found.diverged_treatment if found else empty.astype(bool),
        diverged_baseline=found.diverged_baseline if found else empty.astype(bool),
        constant=found.constant if found else empty,
        spans=tuple(sorted(contrast.differs)),
        one_split=one_split,
        failure=failure,
    )


def contrast_table(judged: list[Judged]) -> pandas.DataFrame:
    """A row per contrast and Condition: the verdict, its sentence and every number it rests on."""
    rows: list[dict[str, Any]] = []
    for one in judged:
        verdict = one.verdict
        rows.append(
            {
                "condition": one.condition,
                "treatment": one.contrast.treatment,
                "baseline": one.contrast.baseline,
                "differs": ", ".join(one.differences.spans if one.differences else sorted(one.contrast.differs)),
                "verdict": verdict.name.value,
                "suffixes": " ".join(verdict.suffixes),
                **vars(verdict.statistics),
                **{
                    f"complete_cases_{name}": getattr(verdict.complete_cases, name)
                    for name in ("n", "mean", "low", "high", "p_adjusted")
                },
                "unpaired_seeds": len(one.differences.unpaired_seeds) if one.differences else 0,
                "suspicious": one.differences.suspicious if one.differences else 0,
                "sentence": verdict.sentence,
                "condition_signature": one.condition_signature,
            }
        )
    return pandas.DataFrame.from_records(rows)


def mean_estimates(pairs: Differences) -> tuple[Estimate, Estimate]:
    """Mean of the baseline's and of the treatment's values with 95 % intervals within the metric's bounds; of one seed
    without."""

    bounds = bounds_of(pairs.metric)

    def mean(values: numpy.ndarray) -> Estimate:
        if len(values) == 1:
            return Estimate(estimate=float(values[0]), n=1, method="one seed")
        return bounded_mean(values, bounds)

    return mean(pairs.baseline_values), mean(pairs.treatment_values)


def arm_summaries(runs: pandas.DataFrame) -> dict[tuple[str, str], dict[str, float]]:
    """Mean test metrics of each (condition_signature, arm) with 95 % intervals: `<metric>`, `…_low`, `…_high`.

    By intention to treat: see results.scored. Numbers are the run table's; metrics that were not evaluated are left
    out. sigma_1, sigma_2, …: mean spectral norms of the runs that ended well. probe_…: means over the runs on which the
    quantity could be measured, left out where there is none.
    """
    shown = [name for name in METRICS if name in runs and SPLIT_METRICS[name].split in ("test", PHASES)]
    scores = {name: scored(runs, name).to_numpy(dtype=float) for name in shown}
    sigmas, probed = (
        {name: runs[name].to_numpy(dtype=float) for name in names}
        for names in (sigma_columns(runs.columns), probe_columns(runs.columns))
    )
    ok = ~counts_as_constant(runs).to_numpy()
    keys = [runs[name].to_numpy() for name in ("condition_signature", "arm")]
    summaries: dict[tuple[str, str], dict[str, float]] = {}
    for (signature, arm), places in pandas.Series(range(len(runs))).groupby(keys, sort=False):
        at = places.to_numpy()
        well = at[ok[at]]
        summary: dict[str, float] = {"seeds": len(at), "diverged": len(at) - len(well)}
        for name, values in scores.items():
            summary |= _mean_with_interval(name, values[at])
        measured = {name: values[well] for name, values in sigmas.items()}
        measured |= {name: values[at] for name, values in probed.items()}
        finite = {name: values[numpy.isfinite(values)] for name, values in measured.items()}
        summaries[str(signature), str(arm)] = summary | {
            name: float(values.mean()) for name, values in finite.items() if len(values)
        }
    return summaries


def _mean_with_interval(name: str, values: numpy.ndarray) -> dict[str, float]:
    if len(values) == 0 or not numpy.isfinite(values).all():
        return {}
    if len(values) == 1:
        return {name: float(values[0])}
    found = bounded_mean(values, SPLIT_METRICS[name].metric.bounds)
    bounds = {name: found.estimate, f"{name}_low": found.low, f"{name}_high": found.high}
    return {key: float(value) for key, value in bounds.items() if value is not None and math.isfinite(value)}
