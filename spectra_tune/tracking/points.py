"""What MLflow takes at once: points of metrics in batches, names and tags as it allows them."""

import re
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

from spectra_tune.tracking.declaring import LONGEST_TAG, cut
from spectra_tune.tracking.entries import Point

V = TypeVar("V")

METRICS_PER_BATCH = 1000

LARGEST = 1.7976931348623157e308
"""What MLflow's database keeps of an infinite metric."""


def log_points(client, run_id: str, groups: Iterable[Sequence[Point]], at: int) -> None:
    """Logs groups of points in as few batches as MLflow allows; a group is logged whole or not. at: ms since 1970."""
    from mlflow.entities import Metric

    batch: list[Metric] = []
    for group in groups:
        if batch and len(batch) + len(group) > METRICS_PER_BATCH:
            client.log_batch(run_id, metrics=batch)
            batch = []
        batch += [Metric(allowed(name), value, at, step) for name, value, step in group]
    if batch:
        client.log_batch(run_id, metrics=batch)


def set_tags(client, run_id: str, tags: Mapping[str, str]) -> None:
    from mlflow.entities import RunTag

    client.log_batch(run_id, tags=[RunTag(name, cut(tag, LONGEST_TAG)) for name, tag in tags.items()])


def named(values: Mapping[str, V]) -> dict[str, V]:
    """The values under names that MLflow allows, such as those that an arm's name is part of."""
    return {allowed(name): value for name, value in values.items()}


def allowed(name: str) -> str:
    """The name with every character that MLflow does not allow in those of metrics and tags replaced."""
    return re.sub(r"[^\w\-. /]", "_", name)


def in_order(mappings: Iterable[Mapping[str, Any]]) -> list[str]:
    """The keys of all, each once."""
    return list(dict.fromkeys(key for mapping in mappings for key in mapping))


def now() -> int:
    """ms since 1970."""
    return int(time.time() * 1000)
