"""What the data say of runs that are taken for matched: how the values of the pairs go together."""

from collections.abc import Sequence

import numpy
import pandas

from analysis.judging.contrasts import Judged
from analysis.judging.matching import Differences
from analysis.statistics.correlation import correlate

COLUMNS = ("condition", "contrast", "n", "r", "low", "high", "identical", "says", "note")

FOR, AGAINST, NOTHING = "for it", "against it", "nothing"


def pairs_table(judged: Sequence[Judged]) -> pandas.DataFrame:
    """A row per contrast and Condition that was paired.

    r, low, high: Pearson's correlation of the pairs' values with its exact 95 % interval; says: whether that speaks for
    pairs that share what a seed decides (low > 0), against it (high < 0), or nothing. identical: seeds at which both
    arms have one value. note: what is suspicious, or why there is no correlation.
    """
    rows = []
    for one in judged:
        pairs = one.differences
        if pairs is None:
            continue
        found = correlate(pairs.treatment_values, pairs.baseline_values)
        says = FOR if found.low > 0 else AGAINST if found.high < 0 else NOTHING
        known = {"r": found.estimate, "low": found.low, "high": found.high} if found.estimate is not None else {}
        row = {"condition": one.condition, "contrast": str(one.contrast), "n": len(pairs), **known}
        row |= {"identical": int((pairs.values == 0).sum()), "says": says if known else NOTHING}
        reason = found.reason if found.status == "refused" else ""
        rows.append(row | {"note": suspicion(pairs) or reason})
    return pandas.DataFrame.from_records(rows, columns=list(COLUMNS))


def suspicion(pairs: Differences) -> str:
    """What hardly two arms trained apart would show, or an empty string."""
    if not pairs.values.any():
        return "both arms have the same value at every seed: is one a copy of the other?"
    for arm, values in ((pairs.treatment, pairs.treatment_values), (pairs.baseline, pairs.baseline_values)):
        if len(set(values.tolist())) == 1:
            return f"{arm} has one value at every seed: did its seed change anything?"
    if numpy.array_equal(numpy.sort(pairs.treatment_values), numpy.sort(pairs.baseline_values)):
        return "both arms have the same values in another order: is one a shuffled copy of the other?"
    return ""
