"""What probes measured on both arms of each contrast: paired differences, never a verdict."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import numpy
import pandas
from numpy import ndarray

from analysis.judging.contrasts import Judged
from analysis.statistics.significance import paired_t
from spectra_tune.results import PROBE_REASONS, probe_columns

PREFIX = "probe_"

AT_THE_END = -1
"""The epoch of what was measured on the trained networks."""

COLUMNS = (
    *("epoch", "condition", "contrast", "quantity", "baseline", "treatment", "difference", "low", "high"),
    *("measured", "seeds", "why_not"),
)


def probed_table(runs: pandas.DataFrame, curves: pandas.DataFrame, judged: Sequence[Judged]) -> pandas.DataFrame:
    """A row per epoch (-1: the end), Condition, contrast and quantity; empty without probes.

    baseline, treatment: means over the seeds measured on both arms; difference: of these, with a 95 % t interval; all
    in the quantity's own unit. measured: of how many of the `seeds` pairs; why_not: reasons with how many runs of
    either arm had them. A pair that was not measured is never a 0, and no interval is adjusted for their number.
    """
    once = runs.drop_duplicates("signature").set_index("signature")
    tables = {AT_THE_END: once[probe_columns(runs.columns)]} | probed_at(curves)
    tables = {epoch: values for epoch, values in tables.items() if len(values.columns)}
    if not tables:
        return pandas.DataFrame(columns=list(COLUMNS))
    reasons = _reasons(once)
    signatures = run_signatures(runs)
    rows = []
    for one in judged:
        pairs = one.differences
        if pairs is None or not len(pairs):
            continue  # why nothing may be compared is said with the verdicts
        keys = [
            signatures.loc[[(one.condition_signature, arm, seed) for seed in pairs.seed]].to_numpy()
            for arm in (one.contrast.treatment, one.contrast.baseline)
        ]
        for epoch, values in tables.items():
            treatment, baseline = (values.reindex(key).to_numpy(dtype=float) for key in keys)
            for column, name in enumerate(values.columns):
                quantity = name.removeprefix(PREFIX)
                row = {"epoch": epoch, "condition": one.condition, "contrast": str(one.contrast), "quantity": quantity}
                row |= _compared(treatment[:, column], baseline[:, column])
                lost = [
                    reasons[signature]
                    for key, of_arm in zip(keys, (treatment, baseline), strict=True)
                    for signature in key[~numpy.isfinite(of_arm[:, column])]
                ]
                rows.append(row | {"why_not": _counted(given.get(quantity, otherwise) for given, otherwise in lost)})
    return pandas.DataFrame.from_records(rows, columns=list(COLUMNS))


def run_signatures(runs: pandas.DataFrame) -> pandas.Series:
    """The signature of each run by (condition_signature, arm, seed)."""
    signatures = runs.set_index(["condition_signature", "arm", "seed"])["signature"]
    return signatures[~signatures.index.duplicated()]


def probed_at(curves: pandas.DataFrame) -> dict[int, pandas.DataFrame]:
    """What probes measured at declared earlier epochs, by epoch: a row per signature."""
    probed = curves[curves["metric"].astype(str).str.startswith(PREFIX)]
    probed = probed.drop_duplicates(["signature", "epoch", "metric"])
    return {
        int(epoch): probed[probed["epoch"] == epoch].pivot(index="signature", columns="metric", values="value")
        for epoch in sorted(set(probed["epoch"]))
    }


def _compared(treatment: ndarray, baseline: ndarray) -> dict[str, Any]:
    """Means and paired difference over the pairs that are numbers on both sides."""
    both = numpy.isfinite(treatment) & numpy.isfinite(baseline)
    found: dict[str, Any] = {"measured": int(both.sum()), "seeds": len(both)}
    if not both.any():
        return found
    difference = treatment[both] - baseline[both]
    found |= {"baseline": float(baseline[both].mean()), "treatment": float(treatment[both].mean())}
    found["difference"] = float(difference.mean())
    if len(difference) > 1:
        t = paired_t(difference)
        found |= {"low": t.low, "high": t.high}
    return found


def _reasons(once: pandas.DataFrame) -> dict[str, tuple[dict[str, str], str]]:
    """Why quantities were not measured on a run, by signature: by quantity, and what holds for all others."""
    texts = once[PROBE_REASONS] if PROBE_REASONS in once else pandas.Series("", index=once.index)
    found = {}
    for signature, text, status in zip(once.index, texts, once["status"], strict=True):
        given = reasons_in(text) if isinstance(text, str) else {}
        found[signature] = (given, "not measured") if status == "ok" else ({}, f"the run {status}")
    return found


def reasons_in(text: str) -> dict[str, str]:
    """The reasons by quantity of a cell `quantity: reason; quantity: reason`; a reason may have ; and : of its own."""
    parts = re.split(r"(?:^|; )(\w+): ", text)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def _counted(reasons: Iterable[str]) -> str:
    """Every reason once with how many runs had it, the most frequent first."""
    counts = Counter(reasons).most_common()
    return "; ".join(f"{reason} ({count} {'run' if count == 1 else 'runs'})" for reason, count in counts)
