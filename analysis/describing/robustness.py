"""What the arms score under attack, noise and blur beside their test samples as they are, and whether attacks were kept
from finding what is there (gradient masking)."""

import pandas

from spectra_tune.design import SPLIT_METRICS, Study
from spectra_tune.results import counts_as_constant, scored

ATTACKED = ("test_robust_accuracy", "test_robust_at_twice_epsilon", "test_transfer_accuracy")
"""Under a study's attack, at twice its radius, and at what it made of the arm none."""


def robustness_table(study: Study, runs: pandas.DataFrame) -> pandas.DataFrame:
    """A row per Condition and arm: means over seeds, in the metric's unit; empty without evaluations.

    A run that diverged counts as the constant predictor. stronger_at_twice, weaker_than_transfer: of the arm's runs
    that ended well those whose accuracy rises with epsilon, and those on which the perturbations of the baseline do
    more than their own: signs that gradients are masked, so that the attack is too weak and the accuracy under it too
    high. NaN where no attack was made.
    """
    labels = study.labels()
    columns = [column for evaluation in study.outcome.evaluations for column in evaluation.columns]
    confirmed = runs[(runs["stage"] == "confirm") & runs["condition_signature"].isin(list(labels))]
    if not columns or confirmed.empty or not set(columns) <= set(confirmed.columns):
        return pandas.DataFrame()
    plain = dict.fromkeys(SPLIT_METRICS[column].plain.column for column in columns)
    rows = []
    for signature, label in labels.items():
        for arm, of_arm in confirmed[confirmed["condition_signature"] == signature].groupby("arm", sort=False):
            row = {"condition": label, "arm": str(arm), "seeds": len(of_arm)}
            for column in (*plain, *columns):
                row[column] = float(scored(of_arm, column).mean()) * SPLIT_METRICS[column].metric.scale
            rows.append(row | _masked(of_arm[~counts_as_constant(of_arm)], columns))
    return pandas.DataFrame.from_records(rows)


def _masked(ended: pandas.DataFrame, columns: list[str]) -> dict[str, float]:
    """How many runs show a sign of masked gradients."""
    if not set(ATTACKED) <= set(columns):
        return {}
    robust, twice, transfer = (ended[column] for column in ATTACKED)
    return {"stronger_at_twice": int((twice > robust).sum()), "weaker_than_transfer": int((transfer < robust).sum())}
