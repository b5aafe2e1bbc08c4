"""Children written many at a time, straight into the tables of MLflow's database.

MLflow's client has no call for several runs, and takes 27 ms of a processor for a child, however it is asked. The
tables are not its public interface: they are written only where the schema is the one that this was seen with, in
databases that it was seen with. Every other store is left to `by_client`.
"""

import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, TypeVar

import sqlalchemy
from mlflow.exceptions import MlflowException
from mlflow.store.tracking.dbmodels.models import (
    SqlDataset,
    SqlInput,
    SqlLatestMetric,
    SqlMetric,
    SqlParam,
    SqlRun,
    SqlTag,
)
from mlflow.utils.uri import append_to_uri_path
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import aliased

from spectra_tune.tracking.entries import Addition, Held, New
from spectra_tune.tracking.points import LARGEST, allowed, now
from spectra_tune.tracking.reading import OURS

SEEN = "dc11669786a5"
"""Revision of the schema of MLflow 3.17."""

INSERTS = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
"""Databases that say what to do about a row that is there already."""

AT_ONCE = 200
"""Children of a transaction: a quarter of a second, in which nobody else writes."""

BUSY_S = 20
"""How long a SQLite file may be held by others, as MLflow itself waits."""

V = TypeVar("V")


class InBulk:
    """A Writer for databases."""

    def __init__(self, engine: sqlalchemy.Engine, experiment_id: str, artifact_location: str):
        self._engine = engine
        self._experiment_id, self._artifact_location = int(experiment_id), artifact_location
        self._insert = INSERTS[engine.dialect.name]

    def held(self) -> list[Held]:

        kind, signature = aliased(SqlTag), aliased(SqlTag)
        asked = (
            sqlalchemy.select(
                SqlRun.run_uuid,
                SqlRun.start_time,
                SqlRun.status,
                SqlRun.artifact_uri,
                signature.value,
                sqlalchemy.exists().where(SqlParam.run_uuid == SqlRun.run_uuid)
                & sqlalchemy.exists().where(
                    SqlInput.destination_id == SqlRun.run_uuid,
                    SqlInput.destination_type == "RUN",
                    SqlInput.source_type == "DATASET",
                ),
            )
            .join(kind, (kind.run_uuid == SqlRun.run_uuid) & (kind.key == OURS))
            .join(signature, (signature.run_uuid == SqlRun.run_uuid) & (signature.key == "arm_signature"))
            .where(SqlRun.experiment_id == self._experiment_id, SqlRun.lifecycle_stage == "active")
            .where(kind.value.in_(("arm", "configuration")))
            .order_by(SqlRun.start_time)
        )
        with self._engine.connect() as connection:
            return [
                Held(
                    run_id=run_id,
                    created=created,
                    status=status,
                    artifact_uri=artifact_uri,
                    arm_signature=arm_signature,
                    whole=bool(whole),
                )
                for run_id, created, status, artifact_uri, arm_signature, whole in connection.execute(asked)
            ]

    def make(self, children: Sequence[New]) -> list[Held]:
        return [made for some in _batches(children) for made in self._make(some)]

    def _make(self, children: Sequence[New]) -> list[Held]:

        ids = [uuid.uuid4().hex for _ in children]
        made = [
            Held(
                run_id=run_id,
                created=child.created,
                status="RUNNING",
                artifact_uri=append_to_uri_path(self._artifact_location, run_id, "artifacts"),
                arm_signature=child.tags["arm_signature"],
                whole=True,
            )
            for run_id, child in zip(ids, children, strict=True)
        ]
        runs = [
            {
                "run_uuid": one.run_id,
                "name": child.name,
                "artifact_uri": one.artifact_uri,
                "experiment_id": self._experiment_id,
                "source_type": "UNKNOWN",
                "source_name": "",
                "entry_point_name": "",
                "source_version": "",
                "user_id": "unknown",
                "status": one.status,
                "start_time": one.created,
                "lifecycle_stage": "active",
            }
            for one, child in zip(made, children, strict=True)
        ]
        of_run = list(zip(ids, children, strict=True))
        tags = [_row(run_id, key, tag) for run_id, child in of_run for key, tag in child.tags.items()]
        tags += [_row(run_id, "mlflow.runName", child.name) for run_id, child in of_run]
        params = [_row(run_id, key, value) for run_id, child in of_run for key, value in child.params.items()]
        with self._engine.begin() as connection:
            self._check_active(connection, {child.tags["mlflow.parentRunId"] for child in children})
            for table, rows in ((SqlRun, runs), (SqlTag, tags), (SqlParam, params)):
                if rows:
                    connection.execute(self._insert(table), rows)
            datasets = self._datasets(connection, [child.dataset for child in children if child.dataset is not None])
            inputs = [
                {
                    "input_uuid": uuid.uuid4().hex,
                    "source_type": "DATASET",
                    "source_id": datasets[child.dataset.name, child.dataset.digest],
                    "destination_type": "RUN",
                    "destination_id": run_id,
                }
                for run_id, child in of_run
                if child.dataset is not None
            ]
            if inputs:
                connection.execute(self._insert(SqlInput), inputs)
        return made

    def _datasets(self, connection: sqlalchemy.Connection, datasets: Iterable[Any]) -> dict[tuple[str, str], str]:
        """The id of each of these datasets, made where there is none, by name and digest."""

        distinct = {(dataset.name, dataset.digest): dataset for dataset in datasets}
        rows = [
            {
                "dataset_uuid": uuid.uuid4().hex,
                "experiment_id": self._experiment_id,
                "name": dataset.name,
                "digest": dataset.digest,
                "dataset_source_type": dataset.source_type,
                "dataset_source": dataset.source,
            }
            for dataset in distinct.values()
        ]
        if rows:
            connection.execute(self._insert(SqlDataset).on_conflict_do_nothing(), rows)
        asked = sqlalchemy.select(SqlDataset.name, SqlDataset.digest, SqlDataset.dataset_uuid).where(
            SqlDataset.experiment_id == self._experiment_id, SqlDataset.name.in_({name for name, _ in distinct})
        )
        return {(name, digest): found for name, digest, found in connection.execute(asked)}

    def extend(self, additions: Mapping[str, Addition]) -> None:
        for some in _batches(additions.items()):
            self._extend(dict(some))

    def _extend(self, additions: Mapping[str, Addition]) -> None:

        points, latest = [], {}
        for run_id, more in additions.items():
            for name, value, step in (point for group in more.groups for point in group):
                kept = min(LARGEST, max(-LARGEST, value))
                row = _row(run_id, allowed(name), kept) | {"timestamp": more.at, "step": step, "is_nan": False}
                points.append(row)
                before = latest.setdefault((run_id, row["key"]), row)
                if _age(row) > _age(before):
                    latest[run_id, row["key"]] = row
        tags = [_row(run_id, key, tag) for run_id, more in additions.items() for key, tag in more.tags.items()]
        with self._engine.begin() as connection:
            self._check_active(connection, additions)
            if points:
                connection.execute(self._insert(SqlMetric).on_conflict_do_nothing(), points)
                newer = self._insert(SqlLatestMetric)
                then = {name: newer.excluded[name] for name in ("value", "timestamp", "step", "is_nan")}
                newer = newer.on_conflict_do_update(
                    index_elements=["key", "run_uuid"], set_=then, where=_later(newer.excluded, SqlLatestMetric)
                )
                connection.execute(newer, list(latest.values()))
            if tags:
                named = self._insert(SqlTag)
                named = named.on_conflict_do_update(
                    index_elements=["key", "run_uuid"], set_={"value": named.excluded.value}
                )
                connection.execute(named, tags)
            for status in {more.status for more in additions.values() if more.status is not None}:
                ids = [run_id for run_id, more in additions.items() if more.status == status]
                ends = {} if status == "RUNNING" else {"end_time": now()}
                connection.execute(
                    sqlalchemy.update(SqlRun).where(SqlRun.run_uuid.in_(ids)).values(status=status, **ends)
                )

    def steps(self, run_ids: Collection[str], metrics: Collection[str]) -> dict[str, set[int]]:

        found: dict[str, set[int]] = {run_id: set() for run_id in run_ids}
        with self._engine.connect() as connection:
            for some in _batches(run_ids):
                asked = sqlalchemy.select(SqlMetric.run_uuid, SqlMetric.step).where(
                    SqlMetric.run_uuid.in_(some), SqlMetric.key.in_(metrics)
                )
                for run_id, step in connection.execute(asked):
                    found[run_id].add(step)
        return found

    def _check_active(self, connection: sqlalchemy.Connection, run_ids: Collection[str]) -> None:
        """Refuses MLflow runs that are gone or deleted, as MLflow's client does."""

        asked = sqlalchemy.select(SqlRun.run_uuid).where(
            SqlRun.run_uuid.in_(run_ids), SqlRun.lifecycle_stage == "active"
        )
        gone = set(run_ids) - set(connection.scalars(asked))
        if gone:
            raise MlflowException(f"the run {min(gone)} must be in the 'active' state, it is deleted")


def in_bulk(uri: str, experiment_id: str, artifact_location: str) -> InBulk | None:
    """The writer for a store; None for servers, for other databases, and for a schema that it was not seen with."""
    if uri.startswith("http"):
        return None
    waits = {"connect_args": {"timeout": BUSY_S}} if uri.startswith("sqlite") else {}
    engine = sqlalchemy.create_engine(uri, poolclass=sqlalchemy.pool.NullPool, **waits)
    if engine.dialect.name not in INSERTS:
        return None
    with engine.connect() as connection:
        revisions = connection.scalars(sqlalchemy.text("select version_num from alembic_version")).all()
    return InBulk(engine, experiment_id, artifact_location) if list(revisions) == [SEEN] else None


def _batches(items: Iterable[V]) -> Iterator[list[V]]:
    rest = iter(items)
    while batch := list(islice(rest, AT_ONCE)):
        yield batch


def _row(run_id: str, key: str, value: Any) -> dict[str, Any]:
    return {"run_uuid": run_id, "key": key, "value": value}


def _age(row: Mapping[str, Any]) -> tuple:
    """What is larger of the later of two points, as MLflow orders them."""
    return row["step"], row["timestamp"], row["value"]


def _later(one, other) -> sqlalchemy.ColumnElement[bool]:
    """That one point is later than the other, in the database."""
    return sqlalchemy.tuple_(one.step, one.timestamp, one.value) > sqlalchemy.tuple_(
        other.step, other.timestamp, other.value
    )
