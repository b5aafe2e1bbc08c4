"""Metrics that a study shows beside its outcome: estimates with intervals, never a verdict."""

from typing import Any

import pandas

from analysis.judging.contrasts import pairs_of
from analysis.judging.generalization import gap_of
from analysis.judging.matching import Differences
from analysis.statistics.significance import paired_t
from spectra_tune.design import Study


def descriptive_table(study: Study, runs: pandas.DataFrame) -> pandas.DataFrame:
    """Mean difference and 95 % interval of each descriptive outcome, contrast and Condition; no test, no verdict.

    Of every study the first outcome is the generalization gap of its own measure; where that is an evaluation, the
    metric of the samples as they are stands before it. Differences are treatment - baseline
    in the metric's unit, and so are baseline and treatment, the arms' means. An outcome that cannot be compared has its
    reason in `note`.
    """
    rows, labels = [], study.labels()
    confirmed = runs[(runs["stage"] == "confirm") & runs["condition_signature"].isin(list(labels))]
    measured = study.outcome.measured
    beside = () if measured.plain == measured else (measured.plain.column,)
    for metric in dict.fromkeys((*beside, gap_of(study.outcome.metric), *study.outcome.descriptive)):
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
