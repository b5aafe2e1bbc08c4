"""What MLflow holds of a study: its execution, its tables, links into the UI."""

import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas

from spectra_tune.design import InvalidStudy
from spectra_tune.results import Tables
from spectra_tune.tracking.store import client_of, in_one_line, is_made

OURS = "spectra_tune.kind"
"""The tag that marks experiments ("study") and MLflow runs ("study", "arm", "configuration") made here."""

FIELDS = "study_fields"
"""The parent's tag of its study's field signatures, as JSON."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """A study's parent MLflow run."""

    experiment_id: str
    run_id: str
    finished: bool
    study_signature: str
    study_fields: Mapping[str, str]  # signatures of its fields, by name; empty in a record of before there were some
    versions: Mapping[str, str]  # of what it was begun, or last continued, with


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedArm:
    """A child: which study, Condition and arm it belongs to."""

    study: str  # the name of its records
    typed: str  # what names it on the command line
    study_signature: str
    study_fields: Mapping[str, str]  # as above
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
        study_fields=_fields(parent.data.tags),
        versions=_versions(parent.data.tags),
    )


def _fields(tags: Mapping[str, str]) -> dict[str, str]:
    return json.loads(tags.get(FIELDS, "{}"))


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
        study_fields=_fields(parent.data.tags),
        condition_signature=tags["condition_signature"],
        condition=tags["condition"],
        arm=tags["arm"],
        configuration=int(tags["configuration"]) if "configuration" in tags else None,
    )
