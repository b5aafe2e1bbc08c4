"""Experiments that another tool recorded in MLflow, as tables."""

import math

import pandas

from spectra_tune.design import InvalidStudy, nearest
from spectra_tune.tracking.points import LARGEST
from spectra_tune.tracking.reading import OURS
from spectra_tune.tracking.store import client_of, in_one_line, is_made

PAGE = 1000


@in_one_line
def read_experiment(name: str, uri: str) -> pandas.DataFrame:
    """A row per MLflow run that is not deleted, indexed by the run and, unless it is finished, its status.

    Columns: params and tags (text) and the last value of each metric, by their names; one that two of these share is
    `params.NAME`, `tags.NAME`, `metrics.NAME`. A run that is not finished has no metrics: they are not its last.
    """
    if not is_made(uri):
        raise InvalidStudy(f"there is no MLflow store at {uri}")
    client = client_of(uri)
    experiment = client.get_experiment_by_name(name)
    if experiment is None or experiment.lifecycle_stage != "active":
        known = [one.name for one in client.search_experiments()]
        raise InvalidStudy(f"{uri} has no MLflow experiment {name!r}; {nearest(name, known)}")
    if experiment.tags.get(OURS) == "study":
        raise InvalidStudy(f"the MLflow experiment {name!r} is a study of spectra-tune: see spectra-tune report")
    runs, token = [], None
    while True:
        page = client.search_runs([experiment.experiment_id], max_results=PAGE, page_token=token)
        runs += list(page)
        token = page.token
        if not token:
            break
    if not runs:
        raise InvalidStudy(f"the MLflow experiment {name!r} must have runs, it has none")
    kinds: dict[str, set[str]] = {}
    for run in runs:
        for kind, values in _of(run).items():
            for key in values:
                kinds.setdefault(key, set()).add(kind)
    rows = {
        _place(run): {
            key if len(kinds[key]) == 1 else f"{kind}.{key}": value
            for kind, values in _of(run).items()
            for key, value in values.items()
        }
        for run in runs
    }
    table = pandas.DataFrame.from_dict(rows, orient="index", dtype=object)
    return table.astype(object).where(table.notna(), None)


def _of(run) -> dict[str, dict]:
    finished = run.info.status == "FINISHED"
    metrics = {key: _number(value) for key, value in run.data.metrics.items()} if finished else {}
    tags = {key: value for key, value in run.data.tags.items() if not key.startswith("mlflow.")}
    return {"params": dict(run.data.params), "tags": tags, "metrics": metrics}


def _number(value: float) -> float:
    return math.copysign(math.inf, value) if abs(value) >= LARGEST else value


def _place(run) -> str:
    status = "" if run.info.status == "FINISHED" else f", {run.info.status}"
    return f"MLflow run {run.info.run_id}{status}"
