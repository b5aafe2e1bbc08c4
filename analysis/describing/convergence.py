"""How fast arms get there: epochs to a threshold that was fixed in advance, and area under the validation curve."""

import math
from collections.abc import Sequence
from typing import Any

import numpy
import pandas

from analysis.describing.probed import run_signatures
from analysis.judging.contrasts import Judged
from analysis.judging.verdict_name import VerdictName
from analysis.statistics.curves import area_under_curve, efficiency_ratio, epochs_to_threshold
from analysis.statistics.significance import holm, paired_t
from spectra_tune.design import SplitMetric, Study
from spectra_tune.results import counts_as_constant

COLUMNS = (
    *("condition", "contrast", "n", "baseline", "treatment", "difference", "low", "high", "p", "p_adjusted"),
    *("ratio", "ratio_low", "ratio_high", "censored_baseline", "censored_treatment", "both_censored", "budget"),
    *("area", "area_low", "area_high", "note"),
)


def convergence_table(
    study: Study, runs: pandas.DataFrame, curves: pandas.DataFrame, judged: Sequence[Judged]
) -> pandas.DataFrame:
    """A row per contrast and Condition; empty without a threshold.

    Epochs to the threshold on validation data, runs that never reach it counted as the budget: means, paired difference
    with a t interval, sign-flip p (p_adjusted: Holm over all rows) and ratio with Fieller's interval. area: mean height
    of the validation curve, treatment - baseline, in its unit. A diverged or failed run never reaches the threshold,
    and its curve is the constant predictor's. note: why there are no numbers.
    """
    if study.threshold is None:
        return pandas.DataFrame(columns=list(COLUMNS))
    followed = study.outcome.measured.followed
    once = runs.drop_duplicates("signature").set_index("signature")
    chosen = curves[curves["metric"] == followed.column].drop_duplicates(["signature", "epoch"])
    heights = chosen.pivot(index="signature", columns="epoch", values="value")
    signatures = run_signatures(runs)
    rows = []
    for one in judged:
        row = {"condition": one.condition, "contrast": str(one.contrast), "n": 0, "p": math.nan, "note": ""}
        if one.differences is None:
            rows.append(row | {"note": VerdictName.NOT_COMPARABLE.value})
        elif "epochs" in one.contrast.differs:
            rows.append(row | {"note": "arms of different epochs"})
        else:
            rows.append(row | _compared(one, signatures, once, heights, followed, study.threshold))
    table = pandas.DataFrame.from_records(rows, columns=list(COLUMNS))
    table["p_adjusted"] = holm(table["p"].to_numpy(dtype=float))
    return table


def _compared(
    one: Judged,
    signatures: pandas.Series,
    once: pandas.DataFrame,
    heights: pandas.DataFrame,
    followed: SplitMetric,
    threshold: float,
) -> dict[str, Any]:
    """The numbers of one contrast in one Condition, or a note."""
    assert one.differences is not None
    seeds = one.differences.seed
    keys = [
        signatures.loc[[(one.condition_signature, arm, seed) for seed in seeds]].to_numpy()
        for arm in (one.contrast.treatment, one.contrast.baseline)
    ]
    both = heights.reindex(numpy.concatenate(keys))
    lost = counts_as_constant(once.loc[both.index]).to_numpy()
    both = both.loc[:, both[~lost].notna().any(axis=0).to_numpy()]
    values, epochs = both.to_numpy(dtype=float), both.columns.to_numpy(dtype=float)
    if len(epochs) < 2 or not numpy.isfinite(values[~lost]).all():
        return {"n": len(seeds), "note": "no curves of equal epochs"}
    constants = once.loc[both.index, followed.of_constant].to_numpy(dtype=float)
    treatment, baseline = numpy.split(numpy.where(lost[:, None], numpy.nan, values), 2)
    higher = followed.metric.higher_is_better
    found = epochs_to_threshold(epochs, treatment, baseline, threshold, higher_is_better=higher)
    scored = numpy.where(lost[:, None], constants[:, None], values)
    areas = numpy.asarray(area_under_curve(epochs, scored, normalised=True))
    area = followed.metric.scale * (areas[: len(seeds)] - areas[len(seeds) :])
    row: dict[str, Any] = {
        "n": found.n,
        "baseline": float(numpy.mean(found.baseline_epochs)),
        "treatment": float(numpy.mean(found.treatment_epochs)),
        "difference": found.estimate,
        "low": found.low,
        "high": found.high,
        "p": found.p,
        "censored_baseline": found.censored_baseline,
        "censored_treatment": found.censored_treatment,
        "both_censored": found.both_censored,
        "budget": found.budget,
        "area": float(area.mean()),
    }
    if found.n >= 2:
        ratio, t = efficiency_ratio(found), paired_t(area)
        row |= {"ratio": ratio.estimate, "ratio_low": ratio.low, "ratio_high": ratio.high}
        row |= {"area_low": t.low, "area_high": t.high}
    return row
