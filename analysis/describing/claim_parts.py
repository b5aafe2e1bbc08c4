"""A study's claim, taken apart along the arms that bridge it."""

import pandas

from analysis.judging.matching import pair
from analysis.statistics.decomposition import Decomposition, decompose
from spectra_tune.design import Study, condition_signature, differing_fields


def parts_of_claim(study: Study, runs: pandas.DataFrame) -> dict[str, Decomposition]:
    """The study's claim taken apart in each Condition, by its label; empty without a claim.

    Every step is paired like a contrast that declares what its two arms differ in; parts are gains.
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
            sign = study.outcome.measured.metric.sign
            start = sign * differences.baseline_values if start is None else start
            steps.append((what, sign * differences.treatment_values))
        label = study.labels()[condition_signature(condition)]
        found[label] = decompose(study.claim.gain_pp, start if start is not None else [], steps)
    return found
