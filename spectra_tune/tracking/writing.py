"""Write a study into MLflow as it runs: one writer, batched, and found again after a kill."""

import math
import tempfile
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas

from spectra_tune.design import Block, InvalidStudy, SplitMetric, Study, members
from spectra_tune.results import Tables, sigma_columns
from spectra_tune.tracking import views
from spectra_tune.tracking.children import Child, Family
from spectra_tune.tracking.declaring import log_parameters, study_experiment, study_parent
from spectra_tune.tracking.mean_curves import finite, look_at, mean_points, of_some_seeds
from spectra_tune.tracking.points import in_order, log_points, named, now, set_tags
from spectra_tune.tracking.provenance import provenance
from spectra_tune.tracking.reading import OURS, run_link
from spectra_tune.tracking.store import StoreLost, client_of, in_one_line, made_alone

FLUSH_S = 3.0
"""Seconds between two writes of curves: a store takes ten milliseconds a batch, however small."""

RETRY_S = 30.0
"""Seconds until a store that did not answer is tried again: asking in vain takes some, and all else waits."""


class Tracker:
    """The record of one execution of a study."""

    def __init__(self, client, family: Family, followed: SplitMetric):
        self._client, self._family = client, family
        self.experiment_id, self.run_id = family.experiment_id, family.parent_id
        self._children: dict[tuple[str, str], Child] = {}  # by (condition_signature, arm)
        # (condition_signature, arm) of a run's signature; an arm's changes can make runs of two Conditions the same.
        self._owners: dict[str, list[tuple[str, str]]] = {}
        self._waiting: list[pandas.DataFrame] = []
        self._tried = time.monotonic()
        self.lost: str | None = None
        # MLflow's compare page opens with the metric that was written first: the outcome's curve.
        self._followed = followed
        self._searched: list[pandas.DataFrame] = []

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
        anew: bool = False,
    ) -> "Tracker":
        """Creates the study's experiment and parent, or adopts those that an earlier start left.

        labels: by condition_signature. description: Markdown. anew: refuses a parent that is there, since it was not a
        moment ago: another process has begun the study.
        """
        shared = {**tags, **provenance()}
        with made_alone(uri):
            client = client_of(uri)
            experiment_id = study_experiment(client, name, uri, description)
        parent = study_parent(client, experiment_id, name, study.signature(), shared, description, anew=anew)
        log_parameters(client, parent.run_id, parameters)
        family = Family(client, experiment_id, parent, labels, shared)
        return cls(client, family, study.outcome.measured.followed)

    @in_one_line
    def add(self, blocks: Iterable[Block]) -> None:
        """Makes the children of the study's blocks, or adopts those that are there."""
        for block in blocks:
            for member in members(block):
                key = (member.condition_signature, member.arm)
                self._owners.setdefault(member.signature, []).append(key)
                if key not in self._children:
                    self._children[key] = self._family.arm(member, len(block.seeds))

    @in_one_line
    def log_configurations(self, runs: pandas.DataFrame, metric: str) -> None:
        """A finished child for each configuration in these rows of a search that has none yet."""
        self._family.configurations(runs, metric)

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
        """Writes what waits; it still waits where the store does not take it, or other seeds are not so far."""
        if self._waiting:
            self._waiting = self._log_means(pandas.concat(self._waiting, ignore_index=True))

    @in_one_line
    def _log_means(self, curves: pandas.DataFrame) -> list[pandas.DataFrame]:
        """Mean curves over seeds, in few batches per child; rows of epochs not told of by all seeds come back."""
        strangers = set(curves["signature"]) - set(self._owners)
        if strangers:
            raise InvalidStudy(f"curves must be of the study's own runs, got the signature {min(strangers)}")
        rows, waiting = finite(curves), []
        rows = rows.assign(owner=rows["signature"].map(self._owners)).explode("owner")
        for key, of_arm in rows.groupby("owner", sort=False):
            assert isinstance(key, tuple)
            child = self._children[key]
            look_at(self._client, child)
            epochs = mean_points(of_arm, child, self._followed.column)
            log_points(self._client, child.run_id, epochs.values(), now())
            child.logged |= set(epochs)
            waiting.append(of_some_seeds(of_arm, child).drop(columns="owner"))
        return [one for one in waiting if len(one)]

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
        summaries = {key: named(summary) for key, summary in summaries.items()}
        tags = {key: named(of_child) for key, of_child in tags.items()}
        of_arm = dict(list(runs[runs["stage"] == "confirm"].groupby(["condition_signature", "arm"])))
        for key, child in self._children.items():
            self._finish_child(child, of_arm.get(key, runs.iloc[:0]), outcome, summaries[key], tags[key])
        arms_view = views.arms_view(OURS, outcome, in_order(summaries.values()), in_order(tags.values()))
        for name, value in arms_view.items():
            self._client.set_experiment_tag(self.experiment_id, name, value)
        points = [(name, value, 0) for name, value in parent_metrics.items()]
        arms = {signature: {arm for _, arm in owners} for signature, owners in self._owners.items()}
        points += views.overview(curves, arms, self._followed.column)
        created = self._family.created
        log_points(self._client, self.run_id, [[point] for point in points if math.isfinite(point[1])], created)
        with tempfile.TemporaryDirectory() as folder:
            for table, rows in tables._asdict().items():
                rows.to_parquet(Path(folder) / f"{table}.parquet", index=False)
            for name, content in artifacts.items():
                (Path(folder) / name).write_bytes(content)
            self._client.log_artifacts(self.run_id, folder)
        set_tags(self._client, self.run_id, {"mlflow.note.content": description})
        self._client.set_terminated(self.run_id, status=status)

    def _finish_child(
        self, child: Child, rows: pandas.DataFrame, outcome: str, summary: Mapping[str, float], tags: Mapping[str, str]
    ) -> None:
        """Final values, the per-seed table and tags of one child."""
        points = [(name, value, 0) for name, value in summary.items()]
        points += [(f"seeds/{outcome}", value, at) for at, value in enumerate(rows[outcome].to_list())]
        log_points(self._client, child.run_id, [[point] for point in points if math.isfinite(point[1])], child.created)
        trained = SplitMetric("train", child.objective.metrics[0]).column
        columns = ["seed", "status", outcome, trained, *sigma_columns(rows.columns), "signature"]
        self._client.log_text(child.run_id, views.table_json(rows[columns]), "seeds.json")
        shown = {"mlflow.loggedArtifacts": '[{"path": "seeds.json", "type": "table"}]'}
        set_tags(self._client, child.run_id, {**tags, **shown})
        self._client.set_terminated(child.run_id, status="FINISHED")

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
