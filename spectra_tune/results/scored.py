"""What a run counts as: its own score, or the best constant predictor's where it diverged or failed.

This is the one place that says so: by intention to treat no run is dropped, whatever became of it.
"""

import pandas

ENDED_WELL = ("ok", "stopped")
"""status of runs that count as what they scored: a search's scheduler stops a run that is well."""


def counts_as_constant(runs: pandas.DataFrame) -> pandas.Series:
    """Whether each run diverged or failed."""
    return ~runs["status"].isin(ENDED_WELL)


def scored(runs: pandas.DataFrame, metric: str) -> pandas.Series:
    """What each run counts as in a metric's column, in that column's numbers.

    NaN where a run that diverged or failed has no constant's score beside it.
    """
    of_constant = f"{metric}_of_constant"
    constant = runs[of_constant] if of_constant in runs else float("nan")
    return runs[metric].where(~counts_as_constant(runs), constant)
