"""Write a study into MLflow as it runs: one writer, batched, and found again after a kill."""

import math
import re
import tempfile
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pandas

from spectra_tune.design import Block, InvalidStudy, Member, Study, members
from spectra_tune.design.signature import digest
from spectra_tune.results import Tables, sigma_columns
from spectra_tune.tracking import views
from spectra_tune.tracking.declaring import (
    LONGEST_TAG,
    child_parameters,
    cut,
    log_configuration,
    log_parameters,
    log_task,
    study_experiment,
    study_parent,
)
from spectra_tune.tracking.provenance import provenance
from spectra_tune.tracking.reading import OURS, children_of, run_link
from spectra_tune.tracking.store import StoreLost, client_of, in_one_line

V = TypeVar("V")

METRICS_PER_BATCH = 1000

FLUSH_S = 3.0
"""Seconds between two writes of curves: a store takes ten milliseconds a batch, however small."""

RETRY_S = 30.0
"""Seconds until a store that did not answer is tried again: asking in vain takes some, and all else waits."""

CURVE = "per_epoch/"
"""Before the name of a mean curve: its last point leaves diverged seeds out, the final value counts them."""

MARKER = "validation_loss"
"""The curve that every arm has. An epoch that a child has logged has its mean, or diverged_seeds, or both."""


@dataclass(slots=True)
class _Child:
    """One (Condition, arm, stage) and the epochs it has logged."""

    run_id: str
    created: int  # ms since 1970
    seeds: int
    logged: set[int] = field(default_factory=set)
    adopted: bool = False  # from an earlier start, and not looked at yet: what it has logged is read when needed
    running: bool = True  # as MLflow shows it


class Tracker:
    """The record of one execution of a study."""

    def __init__(self, client, experiment_id: str, run_id: str, created: int, first: str):
        self._client = client
        self.experiment_id = experiment_id
        self.run_id = run_id
        self._created = created
        self._children: dict[tuple[str, str], _Child] = {}  # by (condition_signature, arm)
        # (condition_signature, arm) of a run's signature; an arm's changes can make runs of two Conditions the same.
        self._owners: dict[str, list[tuple[str, str]]] = {}
        self._waiting: list[pandas.DataFrame] = []
        self._tried = time.monotonic()
        self.lost: str | None = None
        self._first = first
        self._shared: Mapping[str, str] = {}
        self._labels: Mapping[str, str] = {}
        self._searched: list[pandas.DataFrame] = []
        self._written: set[str] = set()  # arm_signature of configurations
        self._there: dict[str, Any] = {}  # MLflow's info on children that an earlier start left, by arm_signature
        self._whole: set[str] = set()  # run ids of those that have their parameters and their data set

    @classmethod
    @in_one_line
    def begin(
        cls,
        name: str,
        study: Study,
        uri: str,
        *,
        labels: Mapping[str, str],
        description: str,
        parameters: Mapping[str, Any],
        tags: Mapping[str, str],
    ) -> "Tracker":
        """Creates the study's experiment and parent, or adopts those that an earlier start left.

        labels: by condition_signature. description: Markdown.
        """
        client = client_of(uri)
        shared = {**tags, **provenance()}
        experiment_id = study_experiment(client, name, uri, description)
        parent = study_parent(client, experiment_id, name, study.signature(), shared, description)
        log_parameters(client, parent.run_id, parameters)
        # MLflow's compare page opens with the metric that was written first: the outcome's curve.
        first = study.outcome.metric.replace("test_", "validation_")
        tracker = cls(client, experiment_id, parent.run_id, parent.start_time, first)
        tracker._shared, tracker._labels = shared, labels
        left = [child for kind in ("arm", "configuration") for child in children_of(client, experiment_id, kind)]
        tracker._there = {child.data.tags["arm_signature"]: child.info for child in left}
        tracker._whole = {child.info.run_id for child in left if child.data.params and child.inputs.dataset_inputs}
        return tracker

    @in_one_line
    def add(self, blocks: Iterable[Block]) -> None:
        """Makes the children of the study's blocks, or adopts those that are there."""
        for block in blocks:
            for member in members(block):
                key = (member.condition_signature, member.arm)
                self._owners.setdefault(member.signature, []).append(key)
                if key not in self._children:
                    self._children[key] = self._child(member, len(block.seeds))

    @in_one_line
    def log_configurations(self, runs: pandas.DataFrame, metric: str) -> None:
        """A finished child for each configuration in these rows of a search that has none yet."""
        for (signature, arm, number), rows in runs.groupby(["condition_signature", "arm", "configuration"]):
            identity = {"condition_signature": signature, "arm": arm, "stage": "search", "configuration": str(number)}
            arm_signature = digest(identity)
            info = self._there.get(arm_signature)
            if arm_signature in self._written or (info is not None and info.status == "FINISHED"):
                continue
            label = self._labels[str(signature)]
            tags = {
                OURS: "configuration",
                "mlflow.parentRunId": self.run_id,
                "arm_signature": arm_signature,
                "condition": label,
                **identity,
                **self._shared,
            }
            name = f"{label} · {arm} · configuration {number}"
            if info is None:
                info = self._client.create_run(
                    self.experiment_id, tags={key: cut(tag, LONGEST_TAG) for key, tag in tags.items()}, run_name=name
                ).info
            log_configuration(self._client, info, rows, metric)
            self._client.set_terminated(info.run_id, status="FINISHED")
            self._written.add(arm_signature)

    def log_search(self, runs: pandas.DataFrame, metric: str) -> None:
        """Takes rows of a search and writes those configurations that are not written; as patient as `log_curves`."""
        self._searched.append(runs)
        if self.lost and time.monotonic() - self._tried < RETRY_S:
            return
        try:
            self.log_configurations(pandas.concat(self._searched, ignore_index=True), metric)
            self._searched, self.lost = [], None
        except StoreLost as error:
            self.lost = str(error)
        self._tried = time.monotonic()

    @in_one_line
    def log_plan(self, name: str, text: str) -> None:
        """Records a later part of the plan, before what it plans begins; refuses another one than that recorded."""
        there = [item.path for item in self._client.list_artifacts(self.run_id)]
        if name in there:
            with tempfile.TemporaryDirectory() as folder:
                recorded = Path(self._client.download_artifacts(self.run_id, name, folder)).read_text()
            if recorded != text:
                raise InvalidStudy(f"{name} must stay as it was recorded, it has changed: remove the study's records")
            return
        self._client.log_text(self.run_id, text, name)

    def _child(self, member: Member, seeds: int) -> _Child:
        """The child of a member's arm, adopted where there is one."""
        label = self._labels[member.condition_signature]
        identity = {
            "condition_signature": member.condition_signature,
            "arm": member.arm,
            "stage": member.stage,
        }
        arm_signature = digest(identity)
        info = self._there.get(arm_signature)
        if info is None:
            tags = {
                OURS: "arm",
                "mlflow.parentRunId": self.run_id,
                "arm_signature": arm_signature,
                "condition": label,
                **identity,
                **self._shared,
            }
            info = self._client.create_run(
                self.experiment_id,
                tags={key: cut(tag, LONGEST_TAG) for key, tag in tags.items()},
                run_name=f"{label} · {member.arm}",
            ).info
            child = _Child(info.run_id, info.start_time, seeds)
        else:
            child = _Child(info.run_id, info.start_time, seeds, adopted=True, running=info.status == "RUNNING")
            if info.run_id in self._whole:
                return child
        # Again for an adopted one: a kill may have come between its creation and its parameters.
        log_parameters(self._client, child.run_id, child_parameters(member, seeds))
        log_task(self._client, child.run_id, member.condition.task)
        return child

    def _look_at(self, child: _Child) -> None:
        """Reads what an adopted child has logged and has MLflow show it as running again.

        At the first need only: a study of thousands of arms should start in seconds.
        """
        if child.adopted:
            self._client.update_run(child.run_id, status="RUNNING")
            curves = (f"{CURVE}{MARKER}", f"{CURVE}diverged_seeds")
            histories = [self._client.get_metric_history(child.run_id, name) for name in curves]
            child.logged = {point.step for history in histories for point in history}
            child.adopted, child.running = False, True

    def log_curves(self, curves: pandas.DataFrame) -> None:
        """Takes rows of the curve table, and every FLUSH_S writes the mean curves of what came since.

        What a kill leaves unwritten is written by `finish`, which has all rows. A store that does not answer is tried
        again every RETRY_S; `lost` says why, and training goes on.
        """
        self._waiting.append(curves)
        if time.monotonic() - self._tried < (RETRY_S if self.lost else FLUSH_S):
            return
        try:
            self._flush()
            self.lost = None
        except StoreLost as error:
            self.lost = str(error)
        self._tried = time.monotonic()

    def _flush(self) -> None:
        """Writes what waits; it still waits where the store does not take it."""
        if self._waiting:
            self._log_means(pandas.concat(self._waiting, ignore_index=True))
        self._waiting = []

    @in_one_line
    def _log_means(self, curves: pandas.DataFrame) -> None:
        """Mean curves over seeds, in few batches per child; epochs that a child has already are left out.

        An epoch waits until rows of all seeds of its arm come together. Diverged seeds are not in a mean; how many
        there are is logged as diverged_seeds.
        """
        strangers = set(curves["signature"]) - set(self._owners)
        if strangers:
            raise InvalidStudy(f"curves must be of the study's own runs, got the signature {min(strangers)}")
        rows = curves.drop_duplicates(["signature", "epoch", "metric"])
        rows = rows.assign(value=rows["value"].where(rows["value"].abs() < math.inf))
        rows = rows.assign(owner=rows["signature"].map(self._owners)).explode("owner")
        for key, of_arm in rows.groupby("owner", sort=False):
            assert isinstance(key, tuple)
            child = self._children[key]
            self._look_at(child)
            new = of_arm[~of_arm["epoch"].isin(child.logged)]
            seeds = new[new["metric"] == MARKER].groupby("epoch").size()
            whole = new[new["epoch"].isin(seeds.index[seeds == child.seeds])]
            if whole.empty:
                continue
            means = whole.groupby(["epoch", "metric"])["value"].agg(["mean", "size", "count"]).reset_index()
            means = means.sort_values("metric", key=lambda names: names != self._first, kind="stable")
            epochs: dict[int, list[tuple[str, float, int]]] = {}
            for epoch, metric, mean, size, finite in means.itertuples(index=False):
                points = epochs.setdefault(int(epoch), [])
                if finite:
                    points.append((f"{CURVE}{metric}", float(mean), int(epoch)))
                if metric == MARKER and finite < size:
                    points.append((f"{CURVE}diverged_seeds", float(size - finite), int(epoch)))
            self._log_points(child.run_id, epochs.values(), _now())
            child.logged |= set(epochs)

    @in_one_line
    def finish(
        self,
        tables: Tables,
        *,
        outcome: str,
        summaries: Mapping[tuple[str, str], Mapping[str, float]],
        tags: Mapping[tuple[str, str], Mapping[str, str]],
        parent_metrics: Mapping[str, float],
        description: str,
        artifacts: Mapping[str, bytes],
        status: str = "FINISHED",
    ) -> None:
        """Ends a complete study: curves that a kill left out, final values, per-seed tables, then the parent.

        status: of the parent; "FAILED" where some blocks should be tried again.

        summaries and tags: by (condition_signature, arm). The parent gets it last of all. A finish that was
        killed can be repeated: final values carry the time of their MLflow run's creation, and MLflow keeps a point
        with the same name, step, time and value once.
        """
        runs, curves, _ = tables
        self._log_means(curves)
        summaries = {key: _named(summary) for key, summary in summaries.items()}
        tags = {key: _named(of_child) for key, of_child in tags.items()}
        of_arm = dict(list(runs[runs["stage"] == "confirm"].groupby(["condition_signature", "arm"])))
        for key, child in self._children.items():
            rows = of_arm.get(key, runs.iloc[:0])
            points = [(name, value, 0) for name, value in summaries[key].items()]
            points += [(f"seeds/{outcome}", value, at) for at, value in enumerate(rows[outcome].to_list())]
            self._log_points(child.run_id, [[point] for point in points if math.isfinite(point[1])], child.created)
            columns = ["seed", "status", outcome, "train_accuracy", *sigma_columns(rows), "signature"]
            self._client.log_text(child.run_id, views.table_json(rows[columns]), "seeds.json")
            self._tag(
                child.run_id, {**tags[key], "mlflow.loggedArtifacts": '[{"path": "seeds.json", "type": "table"}]'}
            )
            self._client.set_terminated(child.run_id, status="FINISHED")
        arms_view = views.arms_view(OURS, outcome, _in_order(summaries.values()), _in_order(tags.values()))
        for name, value in arms_view.items():
            self._client.set_experiment_tag(self.experiment_id, name, value)
        points = [(name, value, 0) for name, value in parent_metrics.items()]
        arms = {signature: {arm for _, arm in owners} for signature, owners in self._owners.items()}
        points += views.overview(curves, arms, "validation_balanced_accuracy")
        self._log_points(self.run_id, [[point] for point in points if math.isfinite(point[1])], self._created)
        with tempfile.TemporaryDirectory() as folder:
            for table, rows in tables._asdict().items():
                rows.to_parquet(Path(folder) / f"{table}.parquet", index=False)
            for name, content in artifacts.items():
                (Path(folder) / name).write_bytes(content)
            self._client.log_artifacts(self.run_id, folder)
        self._tag(self.run_id, {"mlflow.note.content": description})
        self._client.set_terminated(self.run_id, status=status)

    def run_links(self, base_url: str) -> dict[tuple[str, str], str]:
        """Link to the MLflow run of each (condition_signature, arm)."""
        return {key: run_link(base_url, self.experiment_id, child.run_id) for key, child in self._children.items()}

    @in_one_line
    def stop(self, status: str) -> None:
        """Ends an incomplete study as "KILLED" or "FAILED": no MLflow run stays RUNNING."""
        self._flush()
        running = [child.run_id for child in self._children.values() if child.running]
        for run_id in (*running, self.run_id):
            self._client.set_terminated(run_id, status=status)

    def _log_points(self, run_id: str, groups: Iterable[list[tuple[str, float, int]]], at: int) -> None:
        """Logs groups of (metric, value, step) in as few batches as MLflow allows; a group is logged whole or not."""
        from mlflow.entities import Metric

        batch: list[Metric] = []
        for group in groups:
            if batch and len(batch) + len(group) > METRICS_PER_BATCH:
                self._client.log_batch(run_id, metrics=batch)
                batch = []
            batch += [Metric(_allowed(name), value, at, step) for name, value, step in group]
        if batch:
            self._client.log_batch(run_id, metrics=batch)

    def _tag(self, run_id: str, tags: Mapping[str, str]) -> None:
        from mlflow.entities import RunTag

        self._client.log_batch(run_id, tags=[RunTag(name, cut(tag, LONGEST_TAG)) for name, tag in tags.items()])


def _allowed(name: str) -> str:
    """The name with every character that MLflow does not allow in those of metrics and tags replaced."""
    return re.sub(r"[^\w\-. /]", "_", name)


def _named(values: Mapping[str, V]) -> dict[str, V]:
    """The values under names that MLflow allows, such as those that an arm's name is part of."""
    return {_allowed(name): value for name, value in values.items()}


def _in_order(mappings: Iterable[Mapping[str, Any]]) -> list[str]:
    """The keys of all, each once."""
    return list(dict.fromkeys(key for mapping in mappings for key in mapping))


def _now() -> int:
    return int(time.time() * 1000)
