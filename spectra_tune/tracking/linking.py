"""Links to MLflow's pages of a study and of its arms."""

import json
import tempfile
import urllib.parse
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from spectra_tune.tracking.reading import Execution, children_of, find_execution
from spectra_tune.tracking.store import client_of, in_one_line
from spectra_tune.tracking.views import ARMS_VIEW, CHARTS_VIEW, TRAINING

ARMS_FILE = "arms.json"
"""An artifact of a finished study's parent: which MLflow run each arm of each Condition is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pages:
    """Links to the MLflow run of each (condition_signature, arm), and to the page that compares a Condition's arms."""

    runs: Mapping[tuple[str, str], str]
    compared: Mapping[str, str]  # by condition_signature


@in_one_line
def pages(name: str, uri: str, base_url: str) -> Pages:
    """A study's pages; none where it has not begun."""
    execution = find_execution(name, uri)
    if execution is None:
        return Pages(runs={}, compared={})
    found = [(signature, arm, run_id) for signature, _, arm, run_id in _arms(execution, uri)]
    return pages_of(base_url, execution.experiment_id, found)


def pages_of(base_url: str, experiment_id: str, arms: Iterable[tuple[str, str, str]]) -> Pages:
    """arms: (condition_signature, arm, run_id)."""
    runs: dict[tuple[str, str], str] = {}
    compared: dict[str, list[str]] = {}
    for signature, arm, run_id in arms:
        runs[signature, arm] = f"{_experiment(base_url, experiment_id)}/runs/{run_id}?{TRAINING}"
        compared.setdefault(signature, []).append(run_id)
    return Pages(
        runs=runs,
        compared={signature: _compare_page(base_url, experiment_id, ids) for signature, ids in compared.items()},
    )


@in_one_line
def links(name: str, uri: str, base_url: str) -> list[tuple[str, str]]:
    """(label, link) of the study's page, of its charts and of the compare page of each Condition's arms."""
    execution = find_execution(name, uri)
    if execution is None:
        return []
    found = [("the study", _study_page(execution, base_url))]
    if execution.finished:
        found.append(("its curves, by arm", f"{_study_page(execution, base_url, CHARTS_VIEW)}&compareRunsMode=CHART"))
        if client_of(uri).search_logged_models([execution.experiment_id], max_results=1):
            found.append(
                ("its trained networks", f"{_experiment(base_url, execution.experiment_id)}/models?{TRAINING}")
            )
    by_condition: dict[str, list[str]] = {}
    for _, condition, _, run_id in _arms(execution, uri):
        by_condition.setdefault(condition, []).append(run_id)
    return [
        *found,
        *((label, _compare_page(base_url, execution.experiment_id, ids)) for label, ids in by_condition.items()),
    ]


@in_one_line
def study_link(name: str, uri: str, base_url: str) -> str | None:
    """Link to the study's page; None where it has not begun."""
    execution = find_execution(name, uri)
    return None if execution is None else _study_page(execution, base_url)


def _study_page(execution: Execution, base_url: str, view: str = ARMS_VIEW) -> str:
    """The experiment's page, of a finished study with a view; where MLflow does not know it, the plain page."""
    shown = f"&viewStateShareKey={view}" if execution.finished else ""
    return f"{_experiment(base_url, execution.experiment_id)}/runs?{TRAINING}{shown}"


def _experiment(base_url: str, experiment_id: str) -> str:
    return f"{base_url.rstrip('/')}/#/experiments/{experiment_id}"


def _compare_page(base_url: str, experiment_id: str, run_ids: Sequence[str]) -> str:
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
    children = [(child.data.tags, child.info.run_id) for child in children_of(client, execution.experiment_id)]
    return [(tags["condition_signature"], tags["condition"], tags["arm"], run_id) for tags, run_id in children]
