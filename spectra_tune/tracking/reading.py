"""What MLflow holds of a study: its execution, its tables, links into the UI."""

import json
import tempfile
import urllib.parse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas

from spectra_tune.design import InvalidStudy
from spectra_tune.results import Tables
from spectra_tune.tracking.store import client_of, in_one_line, is_made
from spectra_tune.tracking.views import ARMS_VIEW, TRAINING

OURS = "spectra_tune.kind"
"""The tag that marks experiments ("study") and MLflow runs ("study", "arm", "configuration") made here."""

ARMS_FILE = "arms.json"
"""An artifact of a finished study's parent: which MLflow run each arm of each Condition is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """A study's parent MLflow run."""

    experiment_id: str
    run_id: str
    finished: bool
    study_signature: str
    versions: Mapping[str, str]  # of what it was begun, or last continued, with


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedArm:
    """A child: which study, Condition and arm it belongs to."""

    study: str  # the name of its records
    typed: str  # what names it on the command line
    study_signature: str
    condition_signature: str
    condition: str
    arm: str
    configuration: int | None  # of a search


def find_execution(name: str, uri: str) -> Execution | None:
    """The study's recorded execution; makes neither store nor experiment. A name taken otherwise is refused."""
    return _found(name, uri) if is_made(uri) else None


@in_one_line
def _found(name: str, uri: str) -> Execution | None:
    client = client_of(uri)
    experiment = client.get_experiment_by_name(name)
    if experiment is None:
        return None
    if experiment.lifecycle_stage != "active":
        raise InvalidStudy(
            f"the MLflow experiment {name!r} is deleted: restore it (mlflow experiments restore -x "
            f"{experiment.experiment_id}) or remove it for good (mlflow gc)"
        )
    if experiment.tags.get(OURS) != "study":
        raise InvalidStudy(f"the MLflow experiment {name!r} was made by another tool: rename it, or the study")
    parents = client.search_runs([experiment.experiment_id], f"tags.`{OURS}` = 'study'", max_results=1)
    if not parents:
        return None
    parent = parents[0]
    return Execution(
        experiment_id=experiment.experiment_id,
        run_id=parent.info.run_id,
        finished=parent.info.status == "FINISHED",
        study_signature=parent.data.tags.get("study_signature", ""),
        versions=_versions(parent.data.tags),
    )


def _versions(tags: Mapping[str, str]) -> dict[str, str]:
    begun = {key: tag for key, tag in tags.items() if key.startswith("version.")}
    resumed = {key.removeprefix("resumed."): tag for key, tag in tags.items() if key.startswith("resumed.version.")}
    return begun | resumed


@in_one_line
def recorded_studies(uri: str) -> list[str]:
    """Names of the store's studies that are not deleted, the newest first."""
    if not is_made(uri):
        return []
    found, token = [], None
    while True:
        page = client_of(uri).search_experiments(
            filter_string=f"tags.`{OURS}` = 'study'", order_by=["creation_time DESC"], page_token=token
        )
        found += [experiment.name for experiment in page]
        token = page.token
        if not token:
            return found


@in_one_line
def read_tables(name: str, uri: str) -> Tables:
    """The tables of a finished study."""
    execution = find_execution(name, uri)
    if execution is None:
        raise InvalidStudy(f"study {name!r} must have run, {uri} has no record of it")
    if not execution.finished:
        raise InvalidStudy(
            f"study {name!r} must be finished, its record in {uri} is not: continue it with run --resume"
        )
    client = client_of(uri)
    with tempfile.TemporaryDirectory() as folder:
        return Tables(
            *(
                pandas.read_parquet(Path(client.download_artifacts(execution.run_id, f"{table}.parquet", folder)))
                for table in Tables._fields
            )
        )


def children_of(client, experiment_id: str, kind: str = "arm") -> list:
    """All children of a kind in an experiment, page by page."""
    found, token = [], None
    while True:
        page = client.search_runs(
            [experiment_id],
            f"tags.`{OURS}` = '{kind}'",
            max_results=1000,
            order_by=["start_time ASC"],
            page_token=token,
        )
        found += list(page)
        token = page.token
        if not token:
            return found


@in_one_line
def study_link(name: str, uri: str, base_url: str) -> str | None:
    """Link to the study's page; None where it has not begun."""
    execution = find_execution(name, uri)
    return None if execution is None else _study_link(execution, base_url)


def _study_link(execution: Execution, base_url: str) -> str:
    view = f"&viewStateShareKey={ARMS_VIEW}" if execution.finished else ""
    return f"{base_url.rstrip('/')}/#/experiments/{execution.experiment_id}/runs?{TRAINING}{view}"


@in_one_line
def links(name: str, uri: str, base_url: str) -> list[tuple[str, str]]:
    """(label, link) of the study's page and of the compare page of each Condition's arms."""
    execution = find_execution(name, uri)
    if execution is None:
        return []
    by_condition: dict[str, list[str]] = {}
    for _, condition, _, run_id in _arms(execution, uri):
        by_condition.setdefault(condition, []).append(run_id)
    compared = [
        (condition, compare_link(base_url, execution.experiment_id, run_ids))
        for condition, run_ids in by_condition.items()
    ]
    return [("the study", _study_link(execution, base_url)), *compared]


def compare_link(base_url: str, experiment_id: str, run_ids: Sequence[str]) -> str:
    """The page that shows some MLflow runs over each other."""
    runs = urllib.parse.quote(json.dumps(run_ids, separators=(",", ":")))
    experiments = urllib.parse.quote(json.dumps([experiment_id]))
    return f"{base_url.rstrip('/')}/#/compare-runs?runs={runs}&experiments={experiments}&{TRAINING}"


def _arms(execution: Execution, uri: str) -> list[tuple[str, str, str, str]]:
    """(condition_signature, condition, arm, run_id) of each arm's MLflow run.

    A finished study has them in a file: MLflow's own search takes some milliseconds for each.
    """
    client = client_of(uri)
    if execution.finished and ARMS_FILE in {item.path for item in client.list_artifacts(execution.run_id)}:
        with tempfile.TemporaryDirectory() as folder:
            rows = json.loads(Path(client.download_artifacts(execution.run_id, ARMS_FILE, folder)).read_text())
        named = [dict(zip(rows["columns"], row, strict=True)) for row in rows["data"]]
        return [(row["condition_signature"], row["condition"], row["arm"], row["run_id"]) for row in named]
    children = children_of(client, execution.experiment_id)
    return [
        (
            child.data.tags["condition_signature"],
            child.data.tags["condition"],
            child.data.tags["arm"],
            child.info.run_id,
        )
        for child in children
    ]


@in_one_line
def find_arm(run_id: str, uri: str) -> RecordedArm:
    """What an MLflow run records, by its id; refuses one that is not an arm of a study."""
    if not is_made(uri):
        raise InvalidStudy(f"no run {run_id!r} in {uri}: there is no MLflow store yet")
    from mlflow.exceptions import MlflowException

    client = client_of(uri)
    try:
        tags = client.get_run(run_id).data.tags
    except MlflowException as error:
        if error.error_code not in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
            raise
        raise InvalidStudy(f"no run {run_id!r} in {uri}: take the id at the end of a child's page's address") from None
    if tags.get(OURS) not in ("arm", "configuration"):
        raise InvalidStudy(f"only the MLflow run of an arm can be run again, {run_id} is none: take a child of a study")
    parent = client.get_run(tags["mlflow.parentRunId"])
    return RecordedArm(
        study=client.get_experiment(parent.info.experiment_id).name,
        typed=parent.data.tags["study"],
        study_signature=parent.data.tags["study_signature"],
        condition_signature=tags["condition_signature"],
        condition=tags["condition"],
        arm=tags["arm"],
        configuration=int(tags["configuration"]) if "configuration" in tags else None,
    )


@in_one_line
def run_links(name: str, uri: str, base_url: str) -> dict[tuple[str, str], str]:
    """Link to the MLflow run of each (condition_signature, arm)."""
    execution = find_execution(name, uri)
    if execution is None:
        return {}
    return {
        (signature, arm): run_link(base_url, execution.experiment_id, run_id)
        for signature, _, arm, run_id in _arms(execution, uri)
    }


def run_link(base_url: str, experiment_id: str, run_id: str) -> str:
    """The page of one MLflow run."""
    return f"{base_url.rstrip('/')}/#/experiments/{experiment_id}/runs/{run_id}?{TRAINING}"
