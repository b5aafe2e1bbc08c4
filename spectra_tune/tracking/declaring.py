"""What MLflow holds of a study before it trains: experiment, parent, the parameters and the data of its children."""

import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy
import pandas

from spectra_tune.design import InvalidStudy, Member, Study, Treatment, called, flat, in_words
from spectra_tune.design.signature import digest
from spectra_tune.penalties import PENALTIES
from spectra_tune.results import Kind, counts_as_constant, field_of, of_kind, protocol_columns, scored
from spectra_tune.tracking.entries import Point
from spectra_tune.tracking.reading import FIELDS, OURS
from spectra_tune.tracking.store import sqlite_file

LONGEST_TAG = 8000
LONGEST_PARAMETER = 6000
LONGEST_RUN_NAME = 250
LONGEST_DATASET_NAME = 500
"""Characters; MLflow would cut a longer one without a word, or its database refuse it."""

PARAMETERS_PER_BATCH = 100


def study_experiment(client, name: str, uri: str, description: str) -> str:
    """The study's experiment, made where there is none."""
    from mlflow.exceptions import MlflowException

    experiment = client.get_experiment_by_name(name)
    if experiment is not None:
        return experiment.experiment_id
    place = None  # a server has its own
    if not uri.startswith("http"):
        file = sqlite_file(uri)
        place = ((file.parent if file is not None else Path.cwd()) / "mlartifacts" / name).as_uri()
    tags = {OURS: "study", "mlflow.note.content": cut(description, LONGEST_TAG)}
    try:
        return client.create_experiment(name, artifact_location=place, tags=tags)
    except MlflowException as error:
        if error.error_code == "RESOURCE_ALREADY_EXISTS":
            raise _just_begun(name) from None
        raise


def study_parent(
    client, experiment_id: str, name: str, study: Study, shared: Mapping[str, str], description: str, *, anew: bool
):
    """MLflow's info on the parent, made where there is none; what a later start runs on is added to its tags.

    anew: none may be there. Of two processes that make one at the same moment, at most one goes on.
    """
    found = _parents(client, experiment_id)
    if found and anew:
        raise _just_begun(name)
    signature = study.signature()
    if not found:
        declared = {"study_signature": signature, FIELDS: json.dumps(study.field_signatures())}
        tags = {OURS: "study", **declared, "mlflow.note.content": description, **shared}
        made = client.create_run(
            experiment_id, tags={key: cut(tag, LONGEST_TAG) for key, tag in tags.items()}, run_name=name
        ).info
        if len(_parents(client, experiment_id)) > 1:
            client.delete_run(made.run_id)
            raise _just_begun(name)
        return made
    info, recorded = found[0].info, found[0].data.tags
    if info.status == "FINISHED" or recorded.get("study_signature") != signature:
        what = "is finished" if info.status == "FINISHED" else "is of another declaration"
        raise InvalidStudy(
            f"only an unfinished record of the same study is continued, the one of {name!r} {what}: use another name"
        )
    for key, tag in shared.items():
        if recorded.get(key) != tag:
            client.set_tag(info.run_id, f"resumed.{key}", cut(tag, LONGEST_TAG))
    client.update_run(info.run_id, status="RUNNING")
    return info


def _parents(client, experiment_id: str) -> list:
    return client.search_runs([experiment_id], f"tags.`{OURS}` = 'study'", max_results=2)


def _just_begun(name: str) -> InvalidStudy:
    return InvalidStudy(f"study {name!r} has just been begun by another process: wait for it, then add --resume")


def child_parameters(member: Member, seeds: int) -> dict[str, Any]:
    """What a child's parameters are: its arm, protocol and Treatment."""
    treatment = in_words(member.treatment)
    if member.treatment == Treatment.none():
        treatment |= {"penalty": "none"}
    if member.treatment == Treatment.none() or not PENALTIES[member.treatment.penalty].targets:
        treatment |= {"schedule": "none", "sigma_end": None}
    protocol = {
        key: value if value is None or isinstance(value, bool | int | float | str) else called(value)
        for key, value in flat(member.condition).items()
        if key != "network"
    }
    protocol["batch_size"] = member.condition.batch_size or "full"
    given = {"arm": member.arm, **protocol, **treatment, "stream": member.stream, "seeds": seeds, "stage": member.stage}
    return {key: value for key, value in given.items() if value is not None}


def log_parameters(client, run_id: str, parameters: Mapping[str, Any]) -> None:
    from mlflow.entities import Param

    listed = [Param(key, cut(str(value), LONGEST_PARAMETER)) for key, value in parameters.items()]
    for start in range(0, len(listed), PARAMETERS_PER_BATCH):
        client.log_batch(run_id, params=listed[start : start + PARAMETERS_PER_BATCH])


def configurations(runs: pandas.DataFrame, metric: str) -> Iterator[tuple[dict[str, str], dict[str, str], list[Point]]]:
    """(identity, parameters, points) of each configuration in these rows of a search: settings, validation outcome."""
    names = [name for name in ("arm", "side", "configuration") if name in runs.columns]
    names += [*protocol_columns(runs.columns), *of_kind(runs.columns, Kind.TREATMENT)]
    settings = {field_of(name): (runs[name].tolist(), runs[name].isna().tolist()) for name in names}
    scores, lost = scored(runs, metric).to_numpy(float), counts_as_constant(runs).to_numpy()
    for key, rows in runs.groupby(["condition_signature", "arm", "configuration"]).indices.items():
        assert isinstance(key, tuple)
        signature, arm, number = (str(part) for part in key)
        identity = {"condition_signature": signature, "arm": arm, "stage": "search", "configuration": number}
        at = rows[0]
        params = {name: str(values[at]) for name, (values, absent) in settings.items() if not absent[at]}
        values = scores[rows]
        mean = float(numpy.nanmean(values)) if not numpy.isnan(values).all() else math.nan
        points = [(metric, mean, 0), ("seeds", float(len(rows)), 0), ("not ended well", float(lost[rows].sum()), 0)]
        points += [(f"seeds/{metric}", float(value), place) for place, value in enumerate(values)]
        params |= {"seeds": str(len(rows)), "stage": "search"}
        yield identity, params, [point for point in points if math.isfinite(point[1])]


def dataset_of(task: Any):
    """The task as MLflow's dataset, with the part of the signature that is its own."""
    from mlflow.entities import Dataset

    name = shortened(called(task), LONGEST_DATASET_NAME)
    source = json.dumps({"task": name})
    return Dataset(name=name, digest=digest(task)[:16], source_type="spectra_tune.tasks", source=source)


def log_dataset(client, run_id: str, dataset) -> None:
    from mlflow.entities import DatasetInput

    client.log_inputs(run_id, [DatasetInput(dataset=dataset, tags=[])])


def shortened(name: str, longest: int) -> str:
    """The name, or its beginning and its end."""
    half = longest // 2
    return name if len(name) <= longest else f"{name[: half - 1]}…{name[-half:]}"


def cut(text: str, longest: int) -> str:
    """The text, or where MLflow would cut it a shorter one that says so."""
    ending = "\n\n… (cut here: MLflow holds no more)"
    return text if len(text) <= longest else text[: longest - len(ending)] + ending
