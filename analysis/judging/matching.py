"""Matching: a difference exists only between runs of one block Condition and one seed."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any

import numpy
import pandas

from analysis.judging.generalization import GAPS, sides_of, with_gap
from spectra_tune.design import NotComparable
from spectra_tune.results import METRICS, PROBE_REASONS, RUN_KEY, probe_columns, protocol_columns

REQUIRED = (*RUN_KEY, "status", "signature", "environment")

SHARED_BY_WEIGHTS = frozenset(
    {"optimizer", "learning_rate", "learning_rate_schedule", "weight_decay", "epochs", "batch_size"}
)
"""Fields whose change leaves the initial weights equal: any other declared change may alter them."""

PER_ENTRY = (
    *("values", "treatment_values", "baseline_values", "constant", "seed", "condition_signature"),
    *("diverged_treatment", "diverged_baseline", "agreeing"),
)


@dataclass(frozen=True, kw_only=True)
class Differences:
    """Treatment - baseline, an entry per Condition and seed, ordered by both; what was paired and what was not.

    values, treatment_values, baseline_values, constant: percentage points and percent for accuracies, else the
    metric's own unit. constant: score of the best constant predictor of the same samples, which a diverged or failed
    run counts as.
    """

    treatment: str
    baseline: str
    metric: str
    unit: str
    spans: tuple[str, ...]  # declared fields that both arms differ in, beside the Treatment
    values: numpy.ndarray
    treatment_values: numpy.ndarray
    baseline_values: numpy.ndarray
    constant: numpy.ndarray
    seed: numpy.ndarray
    condition_signature: numpy.ndarray
    diverged_treatment: numpy.ndarray  # bool: diverged or failed
    diverged_baseline: numpy.ndarray
    unpaired_seeds: tuple[tuple[str, int], ...]  # (condition_signature, seed) that only one of the arms has
    duplicates: int  # rows that repeat a run, counted once
    agreeing: numpy.ndarray  # bool: different Treatments whose runs agree in every metric to the last bit

    def __len__(self) -> int:
        return len(self.values)

    def __array__(self, dtype=None, copy=None) -> numpy.ndarray:
        return numpy.array(self.values, dtype=dtype, copy=copy)

    @property
    def suspicious(self) -> int:
        """Pairs of different Treatments that agree in every metric to the last bit."""
        return int(self.agreeing.sum())

    def of(self, condition_signature: str) -> "Differences":
        """The entries of one Condition; `duplicates` stays that of all."""
        start, stop = (
            numpy.searchsorted(self.condition_signature, condition_signature, side) for side in ("left", "right")
        )
        chosen = slice(start, stop)
        parts: dict[str, Any] = {field.name: getattr(self, field.name) for field in fields(self)}
        for name in PER_ENTRY:
            parts[name] = parts[name][chosen]
        parts["unpaired_seeds"] = tuple(key for key in self.unpaired_seeds if key[0] == condition_signature)
        return Differences(**parts)


def pair(
    runs: pandas.DataFrame, *, treatment: str, baseline: str, metric: str, differs: Iterable[str] = ()
) -> Differences:
    """Differences of two arms of a run table, joined on Condition and seed, never on row order.

    metric: of the run table, or a generalization gap (generalization.GAPS).
    differs: the fields, beside the Treatment, in which the two arms differ; they must differ in exactly these.
    Raises NotComparable, naming the fields and both values, where anything else differs: the Condition, an undeclared
    field, the stage, the environment, the data or the initial weights.
    """
    if isinstance(differs, str):
        raise NotComparable(f"differs must be a set of field names, got the string {differs!r}")
    declared = tuple(sorted(differs))
    _check_columns(runs, metric)
    runs = runs.drop(
        columns=[name for name in (*probe_columns(runs), PROBE_REASONS) if name in runs and name != metric]
    )
    one, duplicates_one = _rows_of(runs, treatment)
    other, duplicates_other = _rows_of(runs, baseline)
    names = f"{treatment} and {baseline}"
    _check_conditions(one, other, names)
    keys = ["condition_signature", "seed"]
    both = one.merge(other, on=keys, suffixes=("_of_treatment", "_of_baseline"), how="outer", indicator=True)
    unpaired = both.loc[both["_merge"] != "both", keys]
    both = both[both["_merge"] == "both"].sort_values(keys, kind="stable")
    if both.empty:
        raise NotComparable(f"{names} share no seed: pair runs of equal seeds")
    _check_fields(both, [*protocol_columns(runs), "stage", "environment"], declared, names)
    _check_draws(both, declared, names)
    both = with_gap(both, metric) if metric in GAPS else both
    scale, unit = (100.0, "pp") if "accuracy" in metric else (1.0, "nats")
    treatment_values, baseline_values, constant, failed = _values(both, metric, names)
    return Differences(
        treatment=treatment,
        baseline=baseline,
        metric=metric,
        unit=unit,
        spans=declared,
        values=(treatment_values - baseline_values) * scale,
        treatment_values=treatment_values * scale,
        baseline_values=baseline_values * scale,
        constant=constant * scale,
        seed=both["seed"].to_numpy(),
        condition_signature=both["condition_signature"].to_numpy(dtype=object),
        diverged_treatment=failed[0],
        diverged_baseline=failed[1],
        unpaired_seeds=tuple((key, int(seed)) for key, seed in unpaired.itertuples(index=False)),
        duplicates=duplicates_one + duplicates_other,
        agreeing=_agreeing(both),
    )


def _check_columns(runs: pandas.DataFrame, metric: str) -> None:
    if metric not in (*METRICS, *GAPS):
        raise NotComparable(
            f"a comparison needs a metric of the run table, one of {', '.join((*METRICS, *GAPS))}; got {metric!r}"
        )
    needed = sides_of(metric) if metric in GAPS else (metric,)
    missing = [name for name in (*REQUIRED, *needed) if name not in runs.columns]
    if missing:
        raise NotComparable(f"a run table must say what was matched: it lacks the columns {', '.join(missing)}")


def _rows_of(runs: pandas.DataFrame, arm: str) -> tuple[pandas.DataFrame, int]:
    """An arm's rows, each run once, and how many rows repeated one."""
    rows = runs[runs["arm"] == arm]
    if rows.empty:
        raise NotComparable(f"no runs of arm {arm!r}; the table has {', '.join(sorted(map(str, set(runs['arm']))))}")
    once = rows.drop_duplicates(subset=[*RUN_KEY, "signature", "environment", "status", *_metrics_in(rows)])
    repeated = once[once.duplicated(["condition_signature", "seed"], keep=False)]
    if not repeated.empty:
        first = repeated.iloc[0]
        raise NotComparable(
            f"arm {arm!r} has two different results for one Condition and seed {first['seed']}: keep one "
            "(equal specs give equal bits within an environment; stages and environments are not mixed)"
        )
    return once, len(rows) - len(once)


def _metrics_in(rows: pandas.DataFrame) -> list[str]:
    return [name for name in METRICS if name in rows.columns]


def _check_conditions(one: pandas.DataFrame, other: pandas.DataFrame, names: str) -> None:
    """Refuses arms of different Conditions, naming the fields in which the nearest of them differ."""
    of_one, of_other = set(one["condition_signature"]), set(other["condition_signature"])
    if of_one == of_other:
        return
    lone, there = (one, other) if of_one - of_other else (other, one)
    unmatched = lone[~lone["condition_signature"].isin(set(there["condition_signature"]))].iloc[0]
    columns = [name for name in protocol_columns(lone) if name in there.columns]
    candidates = there.drop_duplicates("condition_signature")[columns]
    differing = [
        [name for name in columns if not _equal(unmatched[name], candidate[name])]
        for _, candidate in candidates.iterrows()
    ]
    nearest = min(range(len(differing)), key=lambda index: len(differing[index]))
    pairs = [(unmatched[name], candidates.iloc[nearest][name]) for name in differing[nearest]]
    if lone is other:
        pairs = [(second, first) for first, second in pairs]
    listed = "; ".join(f"{name}: {a} and {b}" for name, (a, b) in zip(differing[nearest], pairs, strict=True))
    raise NotComparable(f"{names} differ in {listed or 'their Condition'}; runs are compared only under one Condition")


def _equal(a: Any, b: Any) -> bool:
    return bool(a == b) or bool(pandas.isna(a) and pandas.isna(b))


def _check_fields(both: pandas.DataFrame, columns: list[str], declared: tuple[str, ...], names: str) -> None:
    """Refuses pairs that differ in an undeclared field, or agree in a declared one."""
    found, agreeing = [], set(declared)
    for name in columns:
        if f"{name}_of_treatment" not in both.columns:
            continue
        a, b = both[f"{name}_of_treatment"], both[f"{name}_of_baseline"]
        unequal = (a != b) & ~(a.isna() & b.isna())
        if name in declared:
            if bool(unequal.all()):
                agreeing.discard(name)
        elif bool(unequal.any()):
            at = int(numpy.argmax(unequal.to_numpy()))
            found.append(f"{name}: {a.iloc[at]} and {b.iloc[at]}")
    if found:
        raise NotComparable(f"{names} differ in {'; '.join(found)}; declare a deliberate change in `differs`")
    if agreeing:
        raise NotComparable(
            f"{names} must differ in the declared {', '.join(sorted(agreeing))}, but they agree there; "
            "take it out of `differs`"
        )


def _check_draws(both: pandas.DataFrame, declared: tuple[str, ...], names: str) -> None:
    """Refuses pairs that were not given the same data, or not the same initial weights where no change explains it."""
    draws = ["data_digest"] + (["init_digest"] if set(declared) <= SHARED_BY_WEIGHTS else [])
    for name in draws:
        if f"{name}_of_treatment" not in both.columns:
            continue
        unequal = (both[f"{name}_of_treatment"] != both[f"{name}_of_baseline"]).to_numpy()
        if unequal.any():
            row = both.iloc[int(numpy.argmax(unequal))]
            what = "data" if name == "data_digest" else "initial weights"
            raise NotComparable(
                f"{names} were not given the same {what} at seed {row['seed']}: {name} "
                f"{row[f'{name}_of_treatment']} and {row[f'{name}_of_baseline']}; train them in one block"
            )


def _values(both: pandas.DataFrame, metric: str, names: str):
    """Both arms' values with the constant's score where a run diverged or failed, that score, and where."""
    values, failed = [], []
    constants = f"{metric}_of_constant"
    constant = numpy.full(len(both), numpy.nan)
    if f"{constants}_of_treatment" in both.columns:
        constant = both[f"{constants}_of_treatment"].to_numpy(dtype=float)
    for side in ("treatment", "baseline"):
        raw = both[f"{metric}_of_{side}"].to_numpy(dtype=float)
        bad = (both[f"status_of_{side}"] != "ok").to_numpy()
        if numpy.isnan(constant[bad]).any():
            raise NotComparable(f"{names}: a diverged run counts as the constant predictor, but {constants} is missing")
        value = numpy.where(bad, constant, raw)
        if not numpy.isfinite(value).all():
            stages = sorted(set(both[f"stage_of_{side}"]))
            raise NotComparable(
                f"{names}: {metric} must be a number for every run that did not diverge, got NaN "
                f"(stage {', '.join(stages)}; search runs are not evaluated on test data)"
            )
        if metric in METRICS and metric.endswith("accuracy") and ((value < 0) | (value > 1)).any():
            raise NotComparable(f"{names}: accuracies must be fractions in 0 … 1, got {value.min()} … {value.max()}")
        values.append(value)
        failed.append(bad)
    return values[0], values[1], constant, failed


def _agreeing(both: pandas.DataFrame) -> numpy.ndarray:
    """Pairs of runs with different signatures that agree in every metric to the last bit."""
    agreeing = both["signature_of_treatment"] != both["signature_of_baseline"]
    agreeing &= both["status_of_treatment"] == "ok"
    for name in METRICS:
        if f"{name}_of_treatment" in both.columns:
            a, b = both[f"{name}_of_treatment"], both[f"{name}_of_baseline"]
            agreeing &= (a == b) | (a.isna() & b.isna())
    return agreeing.to_numpy()
