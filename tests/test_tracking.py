"""MLflow is the record: complete, read back to the bit, and never doubled."""

import sqlite3
import time
from collections import Counter

import pandas
import pytest
from mlflow import MlflowClient

from spectra_tune import tracking
from spectra_tune.blocks import BlockTraining
from spectra_tune.design import InvalidStudy, Seeds, Study, grid
from spectra_tune.networks import mlp
from spectra_tune.tasks import moons
from tests.conftest import ARMS

pytestmark = pytest.mark.integration

STUDY = Study(
    question="Is it recorded?",
    conditions=grid(task=[moons(samples=60)], network=[mlp(width=4), mlp(width=8)], epochs=[6]),
    arms=ARMS,
    contrasts=[("static", "none")],
    seeds=Seeds(confirm=range(3)),
)


def store(folder) -> str:
    return f"sqlite:///{folder / 'mlflow.db'}"


def begun(uri) -> tracking.Tracker:
    return tracking.Tracker.begin(
        "recorded",
        STUDY,
        uri,
        labels=STUDY.labels(),
        description="**Is it recorded?**",
        parameters={"runs": 18},
        tags={"storage": "nowhere"},
    )


def trained(tracker=None, reports=None):
    """All blocks trained; with a tracker, so many of their reports are logged."""
    runs, curves, made = [], [], 0
    for block in STUDY.blocks():
        training = BlockTraining(block, report_every=1)
        while not training.finished:
            report = training.advance()
            made += 1
            if tracker is not None and (reports is None or made <= reports):
                tracker.log_curves(report.curves)
        runs.append(training.runs())
        curves.append(training.curves())
    return pandas.concat(runs, ignore_index=True), pandas.concat(curves, ignore_index=True)


def finished(tracker, runs, curves):
    keys = {(row.condition_signature, row.arm) for row in runs.itertuples()}
    tracker.finish(
        runs,
        curves,
        outcome="test_accuracy",
        summaries={key: {"test_accuracy": 0.5, "gain_over_none": 1.25, "validation_loss": 9.0} for key in keys},
        tags={key: {"verdict over none": "inconclusive"} for key in keys},
        parent_metrics={"verdicts inconclusive": 2.0},
        description="done",
        artifacts={"report.md": b"# done"},
    )


def test_a_study_is_read_back_as_it_was_written(tmp_path):
    uri = store(tmp_path)
    tracker = begun(uri)
    runs, curves = trained(tracker)
    finished(tracker, runs, curves)
    for written, read in zip((runs, curves), tracking.read_tables("recorded", uri), strict=True):
        pandas.testing.assert_frame_equal(read, written, check_exact=True)
    execution = tracking.find_execution("recorded", uri)
    assert execution is not None
    assert execution.finished
    assert execution.study_signature == STUDY.signature()


def test_a_killed_study_is_adopted_and_nothing_is_missing_or_doubled(tmp_path):
    uri = store(tmp_path)
    trained(begun(uri), reports=8)  # one block whole and two reports of the other; then the driver is gone
    tracker = begun(uri)
    runs, curves = trained(tracker)
    finished(tracker, runs, curves)
    client = MlflowClient(tracking_uri=uri)
    recorded = list(client.search_runs([tracker.experiment_id]))
    assert Counter(run.data.tags["spectra_tune.kind"] for run in recorded) == {"study": 1, "arm": 6}
    assert {run.info.status for run in recorded} == {"FINISHED"}
    for run in recorded:
        if run.data.tags["spectra_tune.kind"] == "study":
            continue
        assert run.data.tags["mlflow.parentRunId"] == tracker.run_id
        for metric in ("validation_loss", "train_accuracy", "sigma_2"):
            steps = [point.step for point in client.get_metric_history(run.info.run_id, metric)]
            assert sorted(steps) == list(range(7)), (run.info.run_name, metric)


def test_a_child_shows_the_mean_of_its_seeds(tmp_path):
    uri = store(tmp_path)
    tracker = begun(uri)
    runs, curves = trained(tracker)
    finished(tracker, runs, curves)
    client = MlflowClient(tracking_uri=uri)
    (child,) = client.search_runs([tracker.experiment_id], "params.width = '8' and params.arm = 'linear'")
    rows = runs[(runs["arm"] == "linear") & (runs["width"] == 8)]
    assert child.data.metrics["validation_accuracy"] == pytest.approx(rows["validation_accuracy"].mean())
    assert child.data.metrics["sigma_1"] == pytest.approx(rows["sigma_1"].mean())
    assert child.data.metrics["gain_over_none"] == 1.25
    assert child.data.tags["verdict over none"] == "inconclusive"
    seeds = [point.value for point in client.get_metric_history(child.info.run_id, "seeds/test_accuracy")]
    assert seeds == rows["test_accuracy"].tolist()


def test_a_stopped_study_leaves_nothing_running(tmp_path):
    uri = store(tmp_path)
    tracker = begun(uri)
    tracker.stop("KILLED")
    statuses = {run.info.status for run in MlflowClient(tracking_uri=uri).search_runs([tracker.experiment_id])}
    assert statuses == {"KILLED"}
    with pytest.raises(InvalidStudy, match="is not: continue it with run --resume"):
        tracking.read_tables("recorded", uri)


def test_looking_for_a_study_makes_nothing(tmp_path):
    assert tracking.find_execution("absent", store(tmp_path)) is None
    assert list(tmp_path.iterdir()) == []


def test_an_experiment_of_another_tool_is_refused(tmp_path):
    client = MlflowClient(tracking_uri=store(tmp_path))
    client.create_experiment("recorded", artifact_location=tmp_path.as_uri())
    with pytest.raises(InvalidStudy, match="made by another tool"):
        tracking.find_execution("recorded", store(tmp_path))


def test_a_deleted_experiment_is_refused(tmp_path):
    uri = store(tmp_path)
    tracker = begun(uri)
    MlflowClient(tracking_uri=uri).delete_experiment(tracker.experiment_id)
    with pytest.raises(InvalidStudy, match="is deleted: restore it"):
        tracking.find_execution("recorded", uri)


def test_a_store_that_cannot_be_used_is_refused_at_once(tmp_path):
    text = tmp_path / "text.db"
    text.write_text("no database at all, but long enough to be read as one" * 20)
    other = tmp_path / "other.db"
    connection = sqlite3.connect(other)
    connection.execute("create table something (x)")
    connection.close()
    begin = time.monotonic()
    for uri, says in (
        ("http://127.0.0.1:9", "must answer at"),
        ("ftp://somewhere", "must begin with"),
        (f"sqlite:///{tmp_path}/absent/mlflow.db", "must exist and be writable"),
        (f"sqlite:///{text}", "must be a SQLite file"),
        (f"sqlite:///{other}", "must be MLflow's"),
    ):
        with pytest.raises(InvalidStudy, match=says) as refused:
            tracking.check_reachable(uri)
        assert "\n" not in str(refused.value)
    assert time.monotonic() - begin < 10


def test_links_open_the_study_and_each_conditions_arms(tmp_path):
    uri = store(tmp_path)
    tracker = begun(uri)
    links = tracking.links("recorded", uri, "http://127.0.0.1:5000")
    assert [label for label, _ in links] == ["the study", "moons(samples=60), width 4", "moons(samples=60), width 8"]
    assert links[0][1] == f"http://127.0.0.1:5000/#/experiments/{tracker.experiment_id}/runs"
    assert links[1][1].count("%22") == 8  # three runs and one experiment, quoted
