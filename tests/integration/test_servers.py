"""A study against tracking servers: complete, and not stopped by one that goes away."""

import shlex
import threading
import time
from contextlib import ExitStack

import pytest
from mlflow import MlflowClient

from spectra_tune import tracking
from studies.__main__ import main
from tests.tools.servers import ended, free_port, postgresql, started
from tests.tools.study_file import GOOD, written

pytestmark = [pytest.mark.integration, pytest.mark.slow]

ARMS, WIDTHS = 2, 2


def check_complete(uri: str, epochs: int) -> None:
    """One MLflow run per (Condition, arm), all FINISHED; every reported epoch once in every curve."""
    client = MlflowClient(tracking_uri=uri)
    recorded = client.search_runs([client.get_experiment_by_name("mine").experiment_id])
    assert len(recorded) == 1 + WIDTHS * ARMS
    assert {run.info.status for run in recorded} == {"FINISHED"}
    steps = list(range(0, epochs + 1, max(1, epochs // 20)))
    for child in (run for run in recorded if run.data.tags["spectra_tune.kind"] == "arm"):
        for curve in ("validation_loss", "train_accuracy", "sigma_1"):
            history = client.get_metric_history(child.info.run_id, f"per_epoch/{curve}")
            assert sorted(point.step for point in history) == steps


@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
def test_a_study_is_recorded_by_a_server(ray, folder, capsys, backend):
    with ExitStack() as stack:
        store = f"sqlite:///{folder.parent}/server.db" if backend == "sqlite" else stack.enter_context(postgresql())
        port = free_port()
        server = started(store, folder.parent / "artifacts", port)
        stack.callback(ended, server)
        page, uri = f"http://127.0.0.1:{port}", f"http://someone:planted@127.0.0.1:{port}"
        assert main(["run", written(folder), "--tracking-uri", uri]) == 0
        said = capsys.readouterr()
        assert f"  the study: {page}/#/experiments/" in said.out
        check_complete(uri, epochs=6)
        assert len(tracking.read_tables("mine", uri).runs) == 9 * WIDTHS * ARMS
        assert main(["ui", "--tracking-uri", uri]) == 0
        more = capsys.readouterr()
        assert f"  mine: {page}/#/experiments/1/runs?" in more.out
        assert "planted" not in "".join((*said, *more))
        assert {entry.name for entry in folder.iterdir()} == {"ray_results"}
        written_files = [file for file in folder.parent.rglob("*") if file.is_file()]
        assert len(written_files) > 10
        assert not [file for file in written_files if b"planted" in file.read_bytes()]


def test_postgresql_is_a_store_without_a_server_too(ray, folder):
    with postgresql() as uri:
        assert main(["run", written(folder), "--tracking-uri", uri]) == 0
        check_complete(uri, epochs=6)


def test_a_server_that_dies_in_the_middle_does_not_stop_a_study(ray, folder, capsys):
    epochs, port = 100_000, free_port()
    store, uri = f"sqlite:///{folder.parent}/server.db", f"http://127.0.0.1:{port}"
    server = started(store, folder.parent / "artifacts", port)

    def kill_when_it_has_curves():
        client = MlflowClient(tracking_uri=store)
        while True:
            time.sleep(0.2)
            experiment = client.get_experiment_by_name("mine")
            runs = client.search_runs([experiment.experiment_id]) if experiment else []
            if any("per_epoch/validation_loss" in run.data.metrics for run in runs):
                return ended(server)

    killing = threading.Thread(target=kill_when_it_has_curves)
    killing.start()
    file = written(folder, GOOD.replace("[6]", f"[{epochs}]"))
    try:
        assert main(["run", file, "--tracking-uri", uri]) == 1
    finally:
        killing.join()
    said = " ".join(capsys.readouterr().out.split())
    assert "WARNING: the MLflow store must take and give records" in said
    assert "static − none" in said
    assert "NOT RECORDED: the MLflow store must take and give records" in said
    paste = f"spectra-tune sync {file} --tracking-uri {uri}"
    assert said.endswith(paste)
    assert main(["sync", file]) == 2
    assert f"study 'mine' began in {uri}: {paste}" in capsys.readouterr().err
    assert not (folder / "mlflow.db").exists()
    server = started(store, folder.parent / "artifacts", port)
    try:
        assert main(shlex.split(paste)[1:]) == 0
        check_complete(uri, epochs)
    finally:
        ended(server)
