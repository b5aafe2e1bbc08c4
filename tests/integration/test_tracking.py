"""MLflow is the record: complete, read back to the bit, and never doubled."""

import itertools
import json
import math
import os
import shutil
import sqlite3
import subprocess
from collections import Counter
from dataclasses import replace
from pathlib import Path

import mlflow
import pandas
import pytest
from mlflow import MlflowClient

from spectra_tune import tracking
from spectra_tune.design import Arm, InvalidStudy, Outcome, Seeds, Study, Treatment, grid
from spectra_tune.engine import BlockTraining
from spectra_tune.networks import mlp
from spectra_tune.results import Tables, figure_table
from spectra_tune.tasks import moons
from spectra_tune.tracking import in_bulk, provenance, views, writing
from tests.conftest import ARMS
from tests.tools.regression import Waves
from tests.tools.stores import empty_store

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


def begun(uri, study=STUDY, description="**Is it recorded?**") -> tracking.Tracker:
    file = Path(uri.removeprefix("sqlite:///"))
    if not file.exists():
        empty_store(file.parent)
    tracker = tracking.Tracker.begin(
        "recorded",
        study,
        uri,
        labels=study.labels(),
        description=description,
        parameters={"runs": 18},
        tags={"storage": "nowhere"},
    )
    tracker.add(study.blocks())
    return tracker


@pytest.fixture(scope="module")
def trained():
    """The run table, the curve table, and the curves of each report, block after block."""
    runs, curves, reports = [], [], []
    for block in STUDY.blocks():
        training = BlockTraining(block, report_every=1)
        while not training.finished:
            reports.append(training.advance().curves)
        runs.append(training.runs())
        curves.append(training.curves())
    return pandas.concat(runs, ignore_index=True), pandas.concat(curves, ignore_index=True), reports


def finished(tracker, runs, curves, artifacts=None, description="done"):
    keys = {(row.condition_signature, row.arm) for row in runs.itertuples()}
    tracker.finish(
        Tables(runs, curves, figure_table({"signature": ["a"], "figure": "data", "x": 0.5, "y": 1.5, "value": 1.0})),
        outcome="test_accuracy",
        summaries={key: {"test_accuracy": 0.5, "gain_over_none": 1.25, "validation_loss": 9.0} for key in keys},
        tags={key: {"verdict over none": "inconclusive"} for key in keys},
        parent_metrics={"verdicts/inconclusive": 2.0},
        description=description,
        artifacts={"report.md": b"# done"} if artifacts is None else artifacts,
    )


def points(uri) -> Counter:
    """How often each (MLflow run, metric, step) is in the store, read without MLflow."""
    connection = sqlite3.connect(uri.removeprefix("sqlite:///"))
    try:
        return Counter(connection.execute("select run_uuid, key, step from metrics").fetchall())
    finally:
        connection.close()


def child_of(uri, tracker, width, arm):
    client = MlflowClient(tracking_uri=uri)
    (child,) = client.search_runs([tracker.experiment_id], f"params.width = '{width}' and params.arm = '{arm}'")
    return child


@pytest.fixture(autouse=True)
def written_at_once(monkeypatch):
    monkeypatch.setattr(writing, "FLUSH_S", 0.0)


def test_an_epoch_s_mean_waits_for_the_seeds_that_train_elsewhere(tmp_path, trained):
    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    tracker = begun(uri)
    _, curves, _ = trained
    of_signature = curves.groupby("signature", sort=False).ngroup()
    before = len(points(uri))
    tracker.log_curves(curves[of_signature % 3 == 0])
    assert len(points(uri)) == before
    tracker.log_curves(curves[of_signature % 3 != 0])
    found = points(uri)
    assert len(found) > before
    assert max(found.values()) == 1


def test_curves_wait_to_be_written_together_and_a_stop_leaves_none_waiting(tmp_path, trained, monkeypatch):
    monkeypatch.setattr(writing, "FLUSH_S", 1e6)
    uri = store(tmp_path)
    _, _, reports = trained
    tracker = begun(uri)
    for report in reports:
        tracker.log_curves(report)
    assert not points(uri)
    tracker.stop("KILLED")
    assert set(points(uri).values()) == {1}
    assert len({run_id for run_id, _, _ in points(uri)}) == 6


def test_a_study_is_read_back_as_it_was_written(tmp_path, trained, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    environment = dict(os.environ)
    uri = store(tmp_path)
    runs, curves, reports = trained
    tracker = begun(uri)
    for report in reports:
        tracker.log_curves(report)
    finished(tracker, runs, curves)
    for written, read in zip((runs, curves), tracking.read_tables("recorded", uri)[:2], strict=True):
        pandas.testing.assert_frame_equal(read, written, check_exact=True)
    execution = tracking.find_execution("recorded", uri)
    assert execution is not None
    assert execution.finished
    assert execution.study_signature == STUDY.signature()
    assert {entry.name for entry in tmp_path.iterdir()} == {"mlflow.db", "mlartifacts"}
    assert capfd.readouterr() == ("", "")
    assert os.environ.get("MLFLOW_TRACKING_URI") == environment.get("MLFLOW_TRACKING_URI")
    assert mlflow.active_run() is None


def test_a_store_that_does_not_answer_for_a_while_loses_nothing(tmp_path, trained, monkeypatch):
    monkeypatch.setattr(writing, "RETRY_S", 0.0)
    uri = store(tmp_path)
    runs, curves, reports = trained
    tracker = begun(uri)
    tracker.log_curves(reports[0])
    written = points(uri)
    file = tmp_path / "mlflow.db"
    whole = file.read_bytes()
    file.write_bytes(b"away" * 1000)
    tracker.log_curves(reports[1])
    assert "must take and give records" in (tracker.lost or "")
    with pytest.raises(tracking.StoreLost):
        finished(tracker, runs, curves)
    file.write_bytes(whole)
    assert points(uri) == written
    tracker.log_curves(reports[2])
    assert tracker.lost is None
    finished(tracker, runs, curves)
    assert set(points(uri).values()) == {1}
    assert tracking.read_tables("recorded", uri).runs.equals(runs)


def test_a_store_that_goes_away_between_two_transactions_has_nothing_twice(tmp_path, trained, monkeypatch):
    """Neither a child nor a point of what it took before."""
    uri = store(tmp_path)
    runs, curves, reports = trained
    tracker = begun(uri)
    monkeypatch.setattr(in_bulk, "AT_ONCE", 2)
    for method in ("_make", "_extend"):
        whole = getattr(in_bulk.InBulk, method)
        calls = itertools.count()

        def away(self, some, whole=whole, calls=calls):
            if next(calls) == 1:
                raise OSError("away")
            return whole(self, some)

        with monkeypatch.context() as patched:
            patched.setattr(in_bulk.InBulk, method, away)
            tracker._tried = -math.inf
            tracker.log_curves(reports[0])
            assert "away" in (tracker.lost or "")
    finished(tracker, runs, curves)
    recorded = MlflowClient(tracking_uri=uri).search_runs([tracker.experiment_id])
    assert len(recorded) == 1 + 2 * len(ARMS)
    assert set(points(uri).values()) == {1}


@pytest.mark.parametrize(
    ("logged", "writer"), [(0, "in bulk"), (8, "in bulk"), (14, "in bulk"), (8, "by client")], ids=str
)
def test_a_killed_study_is_adopted_and_nothing_is_missing_or_doubled(tmp_path, trained, logged, writer, monkeypatch):
    if writer == "by client":
        monkeypatch.setattr(in_bulk, "SEEN", "another schema")
    uri = store(tmp_path)
    runs, curves, reports = trained
    killed = begun(uri)
    for report in reports[:logged]:
        killed.log_curves(report)
    tracker = begun(uri)
    for report in reports[logged // 2 + 2 :]:  # trained again from a checkpoint; two reports never came
        tracker.log_curves(report)
    finished(tracker, runs, curves)
    recorded = list(MlflowClient(tracking_uri=uri).search_runs([tracker.experiment_id]))
    assert Counter(run.data.tags["spectra_tune.kind"] for run in recorded) == {"study": 1, "arm": 6}
    assert {run.info.status for run in recorded} == {"FINISHED"}
    counted = points(uri)
    assert set(counted.values()) == {1}
    for run in recorded:
        if run.data.tags["spectra_tune.kind"] == "study":
            continue
        assert run.data.tags["mlflow.parentRunId"] == tracker.run_id
        for metric in ("validation_loss", "train_accuracy", "sigma_2"):
            steps = [
                step for run_id, name, step in counted if (run_id, name) == (run.info.run_id, f"per_epoch/{metric}")
            ]
            assert sorted(steps) == list(range(7)), (run.info.run_name, metric)


def test_a_finish_that_was_killed_can_be_repeated(tmp_path, trained):
    uri = store(tmp_path)
    runs, curves, _ = trained
    with pytest.raises(InvalidStudy, match="must take and give records"):
        finished(begun(uri), runs, curves, artifacts={"absent/report.md": b""})
    execution = tracking.find_execution("recorded", uri)
    assert execution is not None
    assert not execution.finished
    tracker = begun(uri)
    finished(tracker, runs, curves)
    assert set(points(uri).values()) == {1}
    child = child_of(uri, tracker, 8, "linear")
    table = MlflowClient(tracking_uri=uri).download_artifacts(child.info.run_id, "seeds.json", str(tmp_path))
    seeds = json.loads(Path(table).read_text())
    assert [row[0] for row in seeds["data"]] == [0, 1, 2]
    assert seeds["columns"][:4] == ["seed", "status", "test_accuracy", "train_accuracy"]


def test_a_child_shows_the_mean_of_its_seeds(tmp_path, trained):
    uri = store(tmp_path)
    runs, curves, _ = trained
    tracker = begun(uri)
    finished(tracker, runs, curves)
    child = child_of(uri, tracker, 8, "linear")
    rows = runs[(runs["arm"] == "linear") & (runs["width"] == 8)]
    shown = child.data.metrics
    assert shown["per_epoch/validation_accuracy"] == pytest.approx(rows["validation_accuracy"].mean())
    assert shown["per_epoch/sigma_1"] == pytest.approx(rows["sigma_1"].mean())
    assert (shown["gain_over_none"], shown["validation_loss"]) == (1.25, 9.0)
    assert child.data.tags["verdict over none"] == "inconclusive"
    assert [entry.dataset.name for entry in child.inputs.dataset_inputs] == ["moons(samples=60)"]
    history = MlflowClient(tracking_uri=uri).get_metric_history(child.info.run_id, "seeds/test_accuracy")
    assert [point.value for point in history] == rows["test_accuracy"].tolist()


def test_diverged_seeds_are_counted_and_no_nan_is_logged(tmp_path, trained):
    uri = store(tmp_path)
    runs, curves, _ = trained
    linear = runs[(runs["arm"] == "linear") & (runs["width"] == 8)]["signature"].tolist()
    late = curves["signature"].isin(linear) & (curves["epoch"] >= 3)
    one = (curves["signature"] == linear[0]) & (curves["epoch"] == 2)
    broken = curves.assign(value=curves["value"].mask(late, math.nan).mask(one, math.inf))
    begun(uri).log_curves(broken)
    tracker = begun(uri)  # an epoch at which every seed has diverged is known again, too
    finished(tracker, runs, broken)
    child = child_of(uri, tracker, 8, "linear")
    client = MlflowClient(tracking_uri=uri)
    counts = {
        point.step: point.value for point in client.get_metric_history(child.info.run_id, "per_epoch/diverged_seeds")
    }
    assert counts == {2: 1, 3: 3, 4: 3, 5: 3, 6: 3}
    losses = client.get_metric_history(child.info.run_id, "per_epoch/validation_loss")
    assert [point.step for point in losses] == [0, 1, 2]
    assert all(math.isfinite(point.value) and abs(point.value) < 1e300 for point in losses)
    assert set(points(uri).values()) == {1}


def test_an_epoch_waits_for_all_seeds_and_strangers_are_refused(tmp_path, trained):
    uri = store(tmp_path)
    _, curves, _ = trained
    tracker = begun(uri)
    tracker.log_curves(curves[curves["signature"] != curves["signature"].iloc[0]])
    logged = {run_id for run_id, _, _ in points(uri)}
    assert len(logged) == 5  # of six arms, the one that lacks a seed has no curve yet
    tracker.log_curves(curves)
    assert set(points(uri).values()) == {1}
    assert len({run_id for run_id, _, _ in points(uri)}) == 6
    with pytest.raises(InvalidStudy, match="of the study's own runs"):
        tracker.log_curves(curves.assign(signature="another"))


def test_only_an_unfinished_record_of_the_same_study_is_continued(tmp_path, trained):
    uri = store(tmp_path)
    runs, curves, _ = trained
    tracker = begun(uri, description="line\n" * 3000)
    with pytest.raises(InvalidStudy, match="of another declaration"):
        begun(uri, study=replace(STUDY, question="Is it another?"))
    finished(tracker, runs, curves, description="line\n" * 3000)
    with pytest.raises(InvalidStudy, match="is finished"):
        begun(uri)
    note = MlflowClient(tracking_uri=uri).get_run(tracker.run_id).data.tags["mlflow.note.content"]
    assert note.endswith("… (cut here: MLflow holds no more)")


@pytest.mark.parametrize(
    ("revision", "says"), [("451aebb31d03", r"older.*mlflow db upgrade"), ("ffffffffffff", r"newer.*that wrote it")]
)
def test_a_store_of_another_version_is_refused_in_one_line(tmp_path, revision, says):
    begun(store(tmp_path))
    other = shutil.copy(tmp_path / "mlflow.db", tmp_path / "other.db")  # MLflow checks a file only when it opens it
    connection = sqlite3.connect(other)
    connection.execute("update alembic_version set version_num = ?", [revision])
    connection.commit()
    connection.close()
    with pytest.raises(InvalidStudy, match=says) as refused:
        tracking.find_execution("recorded", f"sqlite:///{other}")
    assert "\n" not in str(refused.value)


def test_the_commit_is_recorded_wherever_one_works(tmp_path, monkeypatch):
    def git(*command):
        return subprocess.run(["git", *command], check=True, capture_output=True, text=True).stdout.strip()

    monkeypatch.chdir(Path(__file__).parent)
    try:
        code = git("rev-parse", "HEAD")
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("needs git and this project's repository")
    monkeypatch.chdir(tmp_path)
    assert provenance()["git.commit"] == code
    (tmp_path / "own").mkdir()
    monkeypatch.chdir(tmp_path / "own")
    git("init")
    git("-c", "user.name=one", "-c", "user.email=one@here", "commit", "--allow-empty", "-m", "own")
    assert provenance()["git.commit"] == git("rev-parse", "HEAD") != code
    assert provenance()["git.dirty"] == "False"


def test_overview_curves_mean_over_conditions_of_different_epochs():
    def curve(signature, epochs, value):
        return [{"signature": signature, "epoch": epoch, "metric": "m", "value": value} for epoch in epochs]

    curves = pandas.DataFrame(
        curve("a", range(0, 51, 3), 1.0) + curve("a", [50], 1.0) + curve("b", range(0, 1001, 50), 0.0)
    )
    found = views.overview(curves.drop_duplicates(), {"a": {"linear"}, "b": {"linear"}}, "m")
    assert [(name, percent) for name, _, percent in found] == [("m/linear", percent) for percent in range(0, 101, 5)]
    assert {value for _, value, _ in found} == {0.5}


def test_a_stopped_study_leaves_nothing_running(tmp_path, trained):
    uri = store(tmp_path)
    begun(uri).log_curves(trained[2][0])  # killed: what it leaves is running until the next one ends
    tracker = begun(uri)
    tracker.stop("KILLED")
    statuses = [run.info.status for run in MlflowClient(tracking_uri=uri).search_runs([tracker.experiment_id])]
    assert statuses == ["KILLED"] * 4
    with pytest.raises(InvalidStudy, match="is not: continue it with run --resume"):
        tracking.read_tables("recorded", uri)


def test_a_study_that_is_stopped_again_ends_only_what_it_has_used(tmp_path, trained):
    uri = store(tmp_path)
    _, _, reports = trained
    stopped = begun(uri)
    stopped.log_curves(reports[0])
    stopped.stop("KILLED")
    before = {run_id for run_id, _, _ in points(uri)}
    tracker = begun(uri)
    tracker.log_curves(reports[-1])
    used = {run_id for run_id, _, _ in points(uri)} - before
    tracker.stop("FAILED")
    found = MlflowClient(tracking_uri=uri).search_runs([tracker.experiment_id])
    assert {run.info.run_id for run in found if run.info.status == "FAILED"} == {*used, tracker.run_id}
    assert {run.info.run_id for run in found if run.info.status == "KILLED"} == before


def test_a_child_is_made_when_it_is_first_written(tmp_path, trained):
    uri = store(tmp_path)
    tracker = begun(uri)
    client = MlflowClient(tracking_uri=uri)
    assert len(client.search_runs([tracker.experiment_id])) == 1
    tracker.log_curves(trained[2][0])
    assert len(client.search_runs([tracker.experiment_id])) == 1 + len(ARMS)
    assert len(tracker.pages("http://here").runs) == 2 * len(ARMS)
    assert len(client.search_runs([tracker.experiment_id])) == 1 + 2 * len(ARMS)


def test_looking_for_a_study_makes_nothing(tmp_path):
    assert tracking.find_execution("absent", store(tmp_path)) is None
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "mlflow.db").touch()
    assert tracking.find_execution("absent", store(tmp_path)) is None
    assert (tmp_path / "mlflow.db").stat().st_size == 0


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


def test_links_open_the_study_and_each_conditions_arms(tmp_path, trained):
    uri = store(tmp_path)
    runs, curves, _ = trained
    tracker = begun(uri)
    page = f"http://127.0.0.1:5000/#/experiments/{tracker.experiment_id}/runs?workflowType=machine_learning"
    assert tracking.links("recorded", uri, "http://127.0.0.1:5000/")[0] == ("the study", page)
    finished(tracker, runs, curves)
    links = tracking.links("recorded", uri, "http://127.0.0.1:5000")
    conditions = ["moons(samples=60), width 4", "moons(samples=60), width 8"]
    assert [label for label, _ in links] == ["the study", "its curves, by arm", *conditions]
    assert links[0][1] == f"{page}&viewStateShareKey=arms"
    assert links[1][1] == f"{page}&viewStateShareKey=charts&compareRunsMode=CHART"
    assert links[2][1].count("%22") == 8  # three runs and one experiment, quoted
    pages = tracking.pages("recorded", uri, "http://127.0.0.1:5000")
    assert pages == tracker.pages("http://127.0.0.1:5000/")
    assert list(pages.compared.values()) == [link for _, link in links[2:]]
    MlflowClient(tracking_uri=uri).update_run(tracker.run_id, status="RUNNING")
    again = tracking.pages("recorded", uri, "http://127.0.0.1:5000")  # what is not finished has no file of them
    assert (again.runs, again.compared.keys()) == (pages.runs, pages.compared.keys())
    view = MlflowClient(tracking_uri=uri).get_experiment(tracker.experiment_id).tags["mlflow.sharedViewState.arms"]
    shown = ["tags.`verdict over none`", "metrics.`gain_over_none`", "metrics.`test_accuracy`"]
    assert json.loads(view)["selectedColumns"] == shown + [f"params.`{name}`" for name in views.SETTINGS]


def test_one_run_can_be_of_two_conditions(tmp_path):
    """An arm that changes just what two Conditions differ in is trained in both blocks, as the same run."""
    uri = store(tmp_path)
    same = Arm(treatment=ARMS["static"], changes={"learning_rate": 0.03})
    study = Study(
        question="Twice?",
        conditions=grid(task=[moons(samples=60)], network=[mlp(width=4)], epochs=[4], learning_rate=[0.01, 0.02]),
        arms={**ARMS, "same": same},
        contrasts=[("static", "none")],
        seeds=Seeds(confirm=range(3)),
    )
    tracker = tracking.Tracker.begin("twice", study, uri, labels=study.labels(), description="", parameters={}, tags={})
    tracker.add(study.blocks())
    tables = []
    for block in study.blocks():
        training = BlockTraining(block, report_every=1)
        while not training.finished:
            tracker.log_curves(training.advance().curves)
        tables.append((training.runs(), training.curves()))
    runs, curves = (pandas.concat(parts, ignore_index=True) for parts in zip(*tables, strict=True))
    finished(tracker, runs, curves)
    client = MlflowClient(tracking_uri=uri)
    both = client.search_runs([tracker.experiment_id], "params.arm = 'same'")
    assert len(both) == 2
    for child in both:
        steps = [point.step for point in client.get_metric_history(child.info.run_id, "per_epoch/train_loss")]
        assert sorted(steps) == list(range(5))


def test_a_study_of_numbers_follows_its_own_metrics(tmp_path):
    """Its curves are adopted, its overview and its seeds' tables shown, though nothing of it is a class."""
    uri = store(tmp_path)
    study = Study(
        question="Numbers?",
        conditions=grid(task=[Waves()], network=[mlp(width=4)], epochs=[6]),
        arms={**ARMS, "decay": Treatment(penalty="frobenius", strength=0.01)},
        contrasts=[("static", "none")],
        seeds=Seeds(confirm=range(3)),
        outcome=Outcome(metric="test_mse"),
    )
    training = BlockTraining(study.blocks()[0], report_every=1)
    tracker = begun(uri, study)
    while not training.finished:
        tracker.log_curves(training.advance().curves)
    runs, curves = training.runs(), training.curves()
    tracker = begun(uri, study)
    keys = {(row.condition_signature, row.arm) for row in runs.itertuples()}
    tracker.finish(
        Tables(runs, curves, figure_table({})),
        outcome="test_mse",
        summaries={key: {"test_mse": 0.5} for key in keys},
        tags={key: {} for key in keys},
        parent_metrics={},
        description="done",
        artifacts={},
    )
    assert set(points(uri).values()) == {1}
    client = MlflowClient(tracking_uri=uri)
    parent = client.get_run(tracker.run_id).data.metrics
    assert {f"validation_mse/{name}" for name, _ in study.arms} <= parent.keys()
    children = {
        child.data.params["arm"]: child for child in client.search_runs([tracker.experiment_id], "params.arm != ''")
    }
    steps = client.get_metric_history(children["linear"].info.run_id, "per_epoch/validation_mse")
    assert sorted(point.step for point in steps) == list(range(7))
    table = client.download_artifacts(children["linear"].info.run_id, "seeds.json", str(tmp_path))
    assert json.loads(Path(table).read_text())["columns"][:4] == ["seed", "status", "test_mse", "train_mse"]
    shown = {
        arm: [child.data.params.get(name) for name in ("penalty", "schedule", "kind")]
        for arm, child in children.items()
    }
    assert shown["none"] == ["none", "none", "mlp"]
    assert shown["static"] == ["spectral_norm", "static", "mlp"]
    assert shown["decay"] == ["frobenius", "none", "mlp"]


def test_a_configuration_counts_what_diverged_and_shows_its_networks_fields(tmp_path, trained):
    uri = store(tmp_path)
    tracker = begun(uri)
    runs = trained[0]
    rows = runs[(runs["arm"] == "static") & (runs["width"] == 8)].assign(
        configuration=0, side="treatment", stage="search", network_channels=16
    )
    rows["status"] = ["ok", "stopped", "diverged"]
    rows["validation_accuracy"] = [0.9, 0.8, math.nan]
    rows["validation_accuracy_of_constant"] = 0.5
    tracker.log_configurations(rows, "validation_accuracy")
    (child,) = MlflowClient(tracking_uri=uri).search_runs([tracker.experiment_id], "params.stage = 'search'")
    assert child.data.metrics["validation_accuracy"] == pytest.approx((0.9 + 0.8 + 0.5) / 3)
    assert child.data.metrics["not ended well"] == 1
    assert [child.data.params[name] for name in ("channels", "penalty", "kind")] == ["16", "spectral_norm", "mlp"]


def test_the_view_of_many_baselines_is_one_that_mlflow_keeps():
    baselines = ["none", *(f"sigma {number}, strength 0.1" for number in range(60))]
    metrics = [f"gain_over_{one}{end}" for one in baselines for end in ("", "_low", "_high", "_p_adjusted")]
    tags = [f"verdict over {one}" for one in reversed(baselines)]
    (view,) = views.arms_view("kind", "test_accuracy", ["test_accuracy", *metrics], tags).values()
    assert len(view) <= views.LONGEST_VIEW
    columns = json.loads(view)["selectedColumns"]
    assert columns[0] == "tags.`verdict over none`"
    assert columns[1] == "metrics.`gain_over_none`"
    assert "metrics.`test_accuracy`" in columns
    assert 5 < sum(column.startswith("tags.`verdict") for column in columns) < 61
