"""Children are written the same way in bulk, into MLflow's tables, as through MLflow's public client."""

from collections import Counter

import mlflow
import pytest
import sqlalchemy
from mlflow import MlflowClient
from mlflow.entities import Dataset

from spectra_tune.tracking import in_bulk as bulk
from spectra_tune.tracking.by_client import ByClient
from spectra_tune.tracking.entries import Addition, New
from spectra_tune.tracking.points import LARGEST
from tests.tools.stores import empty_store

pytestmark = pytest.mark.integration

CURVE = [[("loss", 0.5 - 0.1 * step, step), ("accuracy", 0.1 * step, step)] for step in range(3)]


def test_the_tables_are_those_of_the_mlflow_that_they_were_seen_with(tmp_path):
    """MLflow 3.17.2; where this is red, see whether the test below holds with the new one, then name it here."""
    assert mlflow.__version__.startswith("3.17.")
    uri, client, experiment_id, _ = experiment(tmp_path)
    place = client.get_experiment(experiment_id).artifact_location
    assert bulk.in_bulk(uri, experiment_id, place) is not None


def experiment(folder):
    """A store with an experiment, whose artifacts have an address with a query, and a parent run in it."""
    folder.mkdir(exist_ok=True)
    uri = empty_store(folder)
    client = MlflowClient(tracking_uri=uri)
    experiment_id = client.create_experiment("recorded", artifact_location="s3://place/of?region=here")
    return uri, client, experiment_id, client.create_run(experiment_id).info.run_id


def writers(folder):
    """(client, parent, writer) of each kind, each with a store of its own."""
    uri, client, experiment_id, parent = experiment(folder / "bulk")
    in_bulk = bulk.in_bulk(uri, experiment_id, client.get_experiment(experiment_id).artifact_location)
    yield client, parent, in_bulk
    uri, client, experiment_id, parent = experiment(folder / "client")
    yield client, parent, ByClient(client, experiment_id, server=False)


def child(parent, name, dataset="moons", kind="arm", created=1000):
    return New(
        name=name,
        created=created,
        tags={
            "spectra_tune.kind": kind,
            "mlflow.parentRunId": parent,
            "arm_signature": f"signature of {name}",
            "text": "ä\n" * 2000,
        },
        params={f"parameter_{number}": str(number) for number in range(130)},
        dataset=Dataset(name=dataset, digest="d", source_type="s", source="{}") if dataset else None,
    )


def shown(client, parent):
    """All that MLflow's client tells of the children, without what is drawn or is the clock's."""
    runs = client.search_runs([client.get_run(parent).info.experiment_id], "tags.arm_signature != ''")
    found = {}
    for run in runs:
        info, data = run.info, run.data
        known = {name: value for name, value in dict(info).items() if name not in ("run_id", "run_uuid", "end_time")}
        histories = {
            name: sorted((one.step, one.timestamp, one.value) for one in client.get_metric_history(info.run_id, name))
            for name in data.metrics
        }
        datasets = [
            (one.dataset.name, one.dataset.digest, one.dataset.source, one.tags) for one in run.inputs.dataset_inputs
        ]
        tags = {name: tag for name, tag in data.tags.items() if name != "mlflow.parentRunId"}
        known["artifact_uri"] = known["artifact_uri"].replace(info.run_id, "ID")
        known["ended"] = info.end_time is not None
        found[info.run_name] = (known, histories, data.metrics, data.params, tags, datasets)
    return found


def written(client, parent, writer):
    """Everything that a study does with children."""
    made = writer.make([child(parent, "a"), child(parent, "b", created=2000)])
    made += writer.make([child(parent, "c", "circles", created=3000), child(parent, "d", None, "configuration", 4000)])
    a, b, c, d = (one.run_id for one in made)
    writer.extend({a: Addition(groups=CURVE, at=5000), b: Addition(groups=CURVE[:2], at=5000, tags={"text": "new"})})
    final = Addition(
        groups=[[("final", 0.5, 0)], [("loss, last", LARGEST * 2, 0)], *([("seeds", 0.1 * at, at)] for at in range(3))],
        at=1000,
        tags={"verdict over none": "inconclusive", "text": "ö"},
        status="FINISHED",
    )
    for _ in range(2):  # a finish that was killed is repeated
        writer.extend({a: final, c: Addition(groups=CURVE[1:], at=6000), d: Addition(status="KILLED")})
    writer.extend({c: Addition(groups=CURVE[:1], at=7000)})  # an earlier step, told of later, is not the last value
    writer.extend({b: Addition(status="KILLED")})
    writer.extend({b: Addition(groups=CURVE[2:], at=8000, status="RUNNING")})
    assert writer.steps([a, b, d], ["loss"]) == {a: {0, 1, 2}, b: {0, 1, 2}, d: set()}
    return made


def test_what_is_written_in_bulk_reads_as_what_the_client_writes(tmp_path):
    told, held = [], []
    for client, parent, writer in writers(tmp_path):
        made = written(client, parent, writer)
        told.append(shown(client, parent))
        found = sorted(writer.held(), key=lambda one: one.created)
        assert [one.run_id for one in found] == [one.run_id for one in made]
        assert [one.artifact_uri for one in found] == [one.artifact_uri for one in made]
        held.append([(one.created, one.status, one.arm_signature, one.whole) for one in found])
    assert set(told[0]) == {"a", "b", "c", "d"}
    for name in told[0]:
        for in_bulk, by_client in zip(told[0][name], told[1][name], strict=True):
            assert in_bulk == by_client
    assert held[0] == held[1]
    assert [status for _, status, _, _ in held[0]] == ["FINISHED", "RUNNING", "RUNNING", "KILLED"]
    assert Counter(whole for *_, whole in held[0]) == {True: 3, False: 1}


def test_what_is_deleted_gets_nothing_more(tmp_path):
    for client, parent, writer in writers(tmp_path):
        kept, gone = writer.make([child(parent, "kept"), child(parent, "gone")])
        client.delete_run(gone.run_id)
        assert [one.run_id for one in writer.held()] == [kept.run_id]
        with pytest.raises(mlflow.MlflowException, match="must be in the 'active' state"):
            writer.extend({gone.run_id: Addition(groups=CURVE, at=1)})
        client.delete_experiment(client.get_run(parent).info.experiment_id)
        with pytest.raises(mlflow.MlflowException, match="must be in the 'active' state"):
            writer.make([child(parent, "new")])


def test_another_schema_and_other_stores_are_left_to_the_client(tmp_path):
    uri, _, experiment_id, _ = experiment(tmp_path)
    assert bulk.in_bulk("http://127.0.0.1:9", experiment_id, "") is None
    with sqlalchemy.create_engine(uri).begin() as connection:
        connection.execute(sqlalchemy.text("update alembic_version set version_num = 'later'"))
    assert bulk.in_bulk(uri, experiment_id, "") is None
