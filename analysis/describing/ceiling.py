"""Contrasts that leave a treatment no room to gain."""

from collections.abc import Sequence

from analysis.judging.contrasts import Judged
from analysis.judging.measured import share_at_best


def at_ceiling(judged: Sequence[Judged]) -> list[Judged]:
    """Those of which half of the baseline's runs or more are at the best that the metric can be."""
    return [
        one
        for one in judged
        if (pairs := one.differences) is not None and share_at_best(pairs.baseline_values, pairs.metric) >= 0.5
    ]
