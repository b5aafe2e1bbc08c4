"""Which runs' networks are kept: of those that ended well all, or of each arm the best."""

import pandas

from spectra_tune.design.kept_models import ALL, KeptModels


def kept_runs(runs: pandas.DataFrame, kept: KeptModels) -> pandas.DataFrame:
    """The rows of the run table whose networks are kept; none of an arm of which no run ended with finite weights.

    The best of some of an arm's seeds include the best of all.
    """
    well = runs[runs["status"] == "ok"]
    if kept.which == ALL:
        return well
    best_first = well.sort_values(
        kept.by.column, ascending=not kept.by.metric.higher_is_better, kind="stable", na_position="last"
    )
    return best_first.drop_duplicates(["condition_signature", "arm"]).sort_index()
