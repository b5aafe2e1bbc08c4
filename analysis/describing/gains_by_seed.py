"""A contrast's gains seed by seed, in each Condition."""

from collections.abc import Iterable, Sequence

import pandas

from analysis.judging.contrasts import Judged
from spectra_tune.design import Condition, Contrast, condition_signature


def gains_by_seed(
    judged: Sequence[Judged], contrast: Contrast, conditions: Iterable[Condition]
) -> list[tuple[Condition, pandas.Series]]:
    """A contrast's gains, indexed by seed, in each Condition where its arms may be compared."""
    of_contrast = {one.condition_signature: one.differences for one in judged if one.contrast == contrast}
    found = []
    for condition in conditions:
        differences = of_contrast.get(condition_signature(condition))
        if differences is not None:
            found.append((condition, pandas.Series(differences.gains, index=differences.seed)))
    return found
