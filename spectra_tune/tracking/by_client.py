"""Children written through MLflow's public client: into every store, child by child."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from spectra_tune.tracking.declaring import log_parameters
from spectra_tune.tracking.entries import Addition, Held, New
from spectra_tune.tracking.points import log_points, set_tags
from spectra_tune.tracking.reading import children_of

AT_ONCE = 8
"""Requests to a server that are on their way at the same moment; a database takes one writer at a time."""

A = TypeVar("A")
R = TypeVar("R")


class ByClient:
    """A Writer for servers, and for databases whose tables are not as `in_bulk` has seen them."""

    def __init__(self, client, experiment_id: str, *, server: bool):
        self._client, self._experiment_id = client, experiment_id
        self._at_once = AT_ONCE if server else 1

    def held(self) -> list[Held]:
        children = [
            child for kind in ("arm", "configuration") for child in children_of(self._client, self._experiment_id, kind)
        ]
        return [_held(child, whole=bool(child.data.params and child.inputs.dataset_inputs)) for child in children]

    def make(self, children: Sequence[New]) -> list[Held]:
        return self._each(self._make, children)

    def extend(self, additions: Mapping[str, Addition]) -> None:
        self._each(self._extend, additions.items())

    def steps(self, run_ids: Collection[str], metrics: Collection[str]) -> dict[str, set[int]]:
        def of_one(run_id: str) -> set[int]:
            histories = [self._client.get_metric_history(run_id, metric) for metric in metrics]
            return {point.step for history in histories for point in history}

        return dict(zip(run_ids, self._each(of_one, run_ids), strict=True))

    def _each(self, function: Callable[[A], R], items: Iterable[A]) -> list[R]:
        if self._at_once == 1:
            return [function(item) for item in items]
        with ThreadPoolExecutor(self._at_once) as pool:
            return list(pool.map(function, items))

    def _make(self, child: New) -> Held:
        from mlflow.entities import DatasetInput

        made = self._client.create_run(
            self._experiment_id, start_time=child.created, tags=dict(child.tags), run_name=child.name
        )
        log_parameters(self._client, made.info.run_id, child.params)
        if child.dataset is not None:
            self._client.log_inputs(made.info.run_id, [DatasetInput(dataset=child.dataset, tags=[])])
        return _held(made, whole=True)

    def _extend(self, addition: tuple[str, Addition]) -> None:
        run_id, more = addition
        log_points(self._client, run_id, more.groups, more.at)
        if more.tags:
            set_tags(self._client, run_id, more.tags)
        if more.status == "RUNNING":
            self._client.update_run(run_id, status=more.status)
        elif more.status is not None:
            self._client.set_terminated(run_id, status=more.status)


def _held(child, *, whole: bool) -> Held:
    """An MLflow run as a child."""
    info = child.info
    return Held(
        run_id=info.run_id,
        created=info.start_time,
        status=info.status,
        artifact_uri=info.artifact_uri,
        arm_signature=child.data.tags["arm_signature"],
        whole=whole,
    )
