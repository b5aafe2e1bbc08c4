"""Arms in the names of metrics and tags."""

from collections.abc import Iterable

from spectra_tune.design import distinct_names

LONGEST_KEY = 120
"""Characters of an arm in the name of a metric or tag, which has 250 at most."""

LOST = r"[^\w\-. ]|^\.|\.(?=\.|$)"
"""What MLflow does not allow there, / and what else would be another place if the name were a file's."""


def keys_of(arms: Iterable[str]) -> dict[str, str]:
    """What stands for each arm in the names of metrics and tags: another one for another arm, on any disk and in any
    database."""
    return distinct_names(arms, lost=LOST, fill="_", longest=LONGEST_KEY)
