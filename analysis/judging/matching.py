"""Matching: a difference exists only between runs of one block Condition and one seed."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any

import numpy
import pandas

from analysis.judging.comparable import check_conditions, check_draws, check_fields
from analysis.judging.measured import (
    Measured,
    check_numbers,
    column_of,
    columns_of,
    measured_as,
    metrics_in,
    values_of,
)
from spectra_tune.design import Metric, NotComparable
from spectra_tune.results import METRICS, RUN_KEY, counts_as_constant, protocol_columns

REQUIRED = (*RUN_KEY, "status", "signature", "environment")

COMPARED = (*REQUIRED, "data_digest", "init_digest")
"""Columns that are joined beside protocol and metrics: whatever else a run table has changes nothing."""

VALUE, CONSTANT, LOST = "counted", "constant", "lost"
"""Columns of joined rows: what a run counts as, what the constant predictor scores, whether it counts as that."""

PER_ENTRY = (
    *("values", "treatment_values", "baseline_values", "constant", "seed", "condition_signature"),
    *("diverged_treatment", "diverged_baseline", "agreeing"),
)


@dataclass(frozen=True, kw_only=True)
class Differences:
    """Treatment - baseline, an entry per Condition and seed, ordered by both; what was paired and what was not.

    values, treatment_values, baseline_values, constant: in the metric's unit, for accuracies percentage points and
    percent. constant: score of the best constant predictor of the same samples, which a diverged or failed run counts
    as.
    """

    treatment: str
    baseline: str
    metric: Metric
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

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> numpy.ndarray:
        return numpy.array(self.values, dtype=dtype, copy=copy)

    @property
    def unit(self) -> str:
        return self.metric.unit

    @property
    def gains(self) -> numpy.ndarray:
        """By how much the treatment is better than the baseline: of a metric whose less is better -values."""
        return self.values * self.metric.sign

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
    runs: pandas.DataFrame, *, treatment: str, baseline: str, metric: str | Measured, differs: Iterable[str] = ()
) -> Differences:
    """Differences of two arms of a run table, joined on Condition and seed, never on row order.

    metric: of the run table, or a generalization gap (generalization.GAPS), by name; or one that was declared.
    differs: the fields, beside the Treatment, in which the two arms differ; they must differ in exactly these.
    Raises NotComparable, naming the fields and both values, where anything else of their protocol differs: the
    Condition, an undeclared field, the stage, the environment, the data or the initial weights.
    """
    if isinstance(differs, str):
        raise NotComparable(f"differs must be a set of field names, got the string {differs!r}")
    declared = tuple(sorted(differs))
    measured = measured_as(metric)
    _check_columns(runs, measured)
    protocol = protocol_columns(runs.columns)
    one, duplicates_one = _rows_of(runs, treatment, measured, protocol)
    other, duplicates_other = _rows_of(runs, baseline, measured, protocol)
    names = f"{treatment} and {baseline}"
    check_conditions(one, other, names)
    keys = ["condition_signature", "seed"]
    both = one.merge(other, on=keys, suffixes=("_of_treatment", "_of_baseline"), how="outer", indicator=True)
    unpaired = both.loc[both["_merge"] != "both", keys]
    both = both[both["_merge"] == "both"].sort_values(keys, kind="stable")
    if both.empty:
        raise NotComparable(f"{names} share no seed: pair runs of equal seeds")
    check_fields(both, [*protocol, "stage", "environment"], declared, names)
    check_draws(both, declared, names)
    treatment_values, baseline_values = (_checked(both, side, measured, names) for side in ("treatment", "baseline"))
    scale = measured.metric.scale
    return Differences(
        treatment=treatment,
        baseline=baseline,
        metric=measured.metric,
        spans=declared,
        values=(treatment_values - baseline_values) * scale,
        treatment_values=treatment_values * scale,
        baseline_values=baseline_values * scale,
        constant=both[f"{CONSTANT}_of_treatment"].to_numpy(dtype=float) * scale,
        seed=both["seed"].to_numpy(),
        condition_signature=both["condition_signature"].to_numpy(dtype=object),
        diverged_treatment=both[f"{LOST}_of_treatment"].to_numpy(dtype=bool),
        diverged_baseline=both[f"{LOST}_of_baseline"].to_numpy(dtype=bool),
        unpaired_seeds=tuple((key, int(seed)) for key, seed in unpaired.itertuples(index=False)),
        duplicates=duplicates_one + duplicates_other,
        agreeing=_agreeing(both, _metrics(runs, measured)),
    )


def _check_columns(runs: pandas.DataFrame, measured: Measured) -> None:
    missing = [name for name in (*REQUIRED, *columns_of(measured)) if name not in runs.columns]
    if missing:
        raise NotComparable(f"a run table must say what was matched: it lacks the columns {', '.join(missing)}")


def _metrics(runs: pandas.DataFrame, measured: Measured) -> list[str]:
    """Every column of a run table that holds a metric."""
    return list(dict.fromkeys(name for name in (*METRICS, *columns_of(measured)) if name in runs.columns))


def _rows_of(runs: pandas.DataFrame, arm: str, measured: Measured, protocol: list[str]) -> tuple[pandas.DataFrame, int]:
    """An arm's rows, each run once, with what it counts as; and how many rows repeated one."""
    metrics = _metrics(runs, measured)
    rows = runs[runs["arm"] == arm]
    if rows.empty:
        raise NotComparable(f"no runs of arm {arm!r}; the table has {', '.join(sorted(map(str, set(runs['arm']))))}")
    once = rows.drop_duplicates(subset=[*RUN_KEY, "signature", "environment", "status", *metrics])
    repeated = once[once.duplicated(["condition_signature", "seed"], keep=False)]
    if not repeated.empty:
        first = repeated.iloc[0]
        raise NotComparable(
            f"arm {arm!r} has two different results for one Condition and seed {first['seed']}: keep one "
            "(equal specs give equal bits within an environment; stages and environments are not mixed)"
        )
    value, constant = values_of(once, measured)
    joined = once[[name for name in once.columns if name in COMPARED or name in protocol or name in metrics]]
    counted = joined.assign(**{VALUE: value, CONSTANT: constant, LOST: counts_as_constant(once)})
    return counted, len(rows) - len(once)


def _checked(both: pandas.DataFrame, side: str, measured: Measured, names: str) -> numpy.ndarray:
    """What an arm's runs count as, in the run table's numbers: all of them finite and within the metric's bounds."""
    lost, values = both[f"{LOST}_of_{side}"].to_numpy(dtype=bool), both[f"{VALUE}_of_{side}"].to_numpy(dtype=float)
    if numpy.isnan(values[lost]).any():
        missing = " or ".join(one.of_constant for one in metrics_in(measured))
        raise NotComparable(f"{names}: a diverged run counts as the constant predictor, but {missing} is missing")
    if not numpy.isfinite(values).all():
        stages = sorted(set(both[f"stage_of_{side}"]))
        raise NotComparable(
            f"{names}: {column_of(measured)} must be a number for every run that did not diverge, got NaN "
            f"(stage {', '.join(stages)}; search runs are not evaluated on test data)"
        )
    check_numbers(values, measured, names)
    return values


def _agreeing(both: pandas.DataFrame, metrics: Iterable[str]) -> numpy.ndarray:
    """Pairs of runs with different signatures that agree in every metric to the last bit."""
    agreeing = both["signature_of_treatment"] != both["signature_of_baseline"]
    agreeing &= ~both[f"{LOST}_of_treatment"].astype(bool)
    for name in metrics:
        a, b = both[f"{name}_of_treatment"], both[f"{name}_of_baseline"]
        agreeing &= (a == b) | (a.isna() & b.isna())
    return agreeing.to_numpy()
