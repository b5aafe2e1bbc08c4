"""Write a study into MLflow as it runs: one writer, batched, and found again after a kill."""

import json
import math
import tempfile
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas

from spectra_tune.design import Block, InvalidStudy, Member, SplitMetric, Study, members
from spectra_tune.results import Tables, sigma_columns
from spectra_tune.tracking import views
from spectra_tune.tracking.by_client import ByClient
from spectra_tune.tracking.children import Child, Family, Key
from spectra_tune.tracking.declaring import child_parameters, log_parameters, study_experiment, study_parent
from spectra_tune.tracking.entries import Addition, Writer
from spectra_tune.tracking.linking import ARMS_FILE, Pages, pages_of
from spectra_tune.tracking.mean_curves import CURVE, DIVERGED, finite, split
from spectra_tune.tracking.models import RunModel, log_models
from spectra_tune.tracking.placing import place_texts
from spectra_tune.tracking.points import in_order, log_points, named, now, set_tags
from spectra_tune.tracking.provenance import provenance
from spectra_tune.tracking.reading import OURS
from spectra_tune.tracking.store import StoreLost, client_of, in_one_line, made_alone

FLUSH_S = 3.0
"""Seconds between two writes of curves: a store takes ten milliseconds a batch, however small."""

RETRY_S = 30.0
"""Seconds until a store that did not answer is tried again: asking in vain takes some, and all else waits."""

SEEDS_FILE = "seeds.json"
"""A child's artifact: its runs, a row per seed."""


class Tracker:
    """The record of one execution of a study."""

    def __init__(self, client, family: Family, followed: SplitMetric):
        self._client, self._family = client, family
        self.experiment_id, self.run_id = family.experiment_id, family.parent_id
        self._declared: dict[Key, tuple[Member, int]] = {}  # a member of the arm, and how many seeds it has
        self._children: dict[Key, Child] = {}  # those that were needed already
        # The arms of a run's signature; an arm's changes can make runs of two Conditions the same.
        self._owners: dict[str, list[Key]] = {}
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
        parent = study_parent(client, experiment_id, name, study, shared, description, anew=anew)
        log_parameters(client, parent.run_id, parameters)
        family = Family(client, _writer(client, uri, experiment_id), experiment_id, parent, labels, shared)
        return cls(client, family, study.outcome.measured.followed)

    def add(self, blocks: Iterable[Block]) -> None:
        """Takes the study's blocks; their children are made, or adopted, when first written."""
        for block in blocks:
            for member in members(block):
                key = (member.condition_signature, member.arm)
                self._owners.setdefault(member.signature, []).append(key)
                self._declared.setdefault(key, (member, len(block.seeds)))

    def _needed(self, keys: Collection[Key]) -> list[Child]:
        """The children of these arms."""
        absent = {key: self._declared[key] for key in keys if key not in self._children}
        if absent:
            self._children |= self._family.arms(absent)
        return [self._children[key] for key in keys]

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
        rows = finite(curves)
        rows = rows.assign(owner=rows["signature"].map(self._owners)).explode("owner")
        at, keys = pandas.factorize(rows["owner"])
        children = self._needed(list(keys))
        self._family.look_at(children, [f"{CURVE}{child.marker}" for child in children] + [DIVERGED])
        points, waiting = split(rows.drop(columns="owner").assign(child=at), children, self._followed.column)
        additions, written = {}, now()
        for place, epochs in points.items():
            status = None if children[place].running else "RUNNING"
            additions[children[place].run_id] = Addition(groups=list(epochs.values()), at=written, status=status)
            children[place].known = False  # if the store is lost now, some are written
        self._family.writer.extend(additions)
        for place, epochs in points.items():
            children[place].logged |= set(epochs)
            children[place].known = children[place].running = True
        return [waiting.drop(columns="child")] if len(waiting) else []

    def member(self, key: Key) -> Member:
        """One of an arm's, by (condition_signature, arm); its seed is any of them."""
        return self._declared[key][0]

    @in_one_line
    def log_models(self, models: Sequence[RunModel]) -> list[tuple[RunModel, Exception]]:
        """Writes trained networks below their arms, each once; those that no graph could be made of, and why."""
        keys = list(dict.fromkeys(model.key for model in models))
        children = dict(zip(keys, self._needed(keys), strict=True))
        params = {key: child_parameters(*self._declared[key]) for key in keys}
        return log_models(self._client, self.experiment_id, children, models, params.__getitem__)

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
        self._finish_children(runs[runs["stage"] == "confirm"], outcome, summaries, tags)
        shown = views.arms_view(OURS, outcome, in_order(summaries.values()), in_order(tags.values()))
        for name, value in {**shown, **views.charts_view(OURS)}.items():
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
            (Path(folder) / ARMS_FILE).write_text(self._arms_table())
            self._client.log_artifacts(self.run_id, folder)
        set_tags(self._client, self.run_id, {"mlflow.note.content": description})
        self._client.set_terminated(self.run_id, status=status)

    def _finish_children(
        self,
        runs: pandas.DataFrame,
        outcome: str,
        summaries: Mapping[Key, Mapping[str, float]],
        tags: Mapping[Key, Mapping[str, str]],
    ) -> None:
        """Final values, the per-seed table and tags of every child."""
        children = dict(zip(self._declared, self._needed(self._declared), strict=True))
        rows_of = runs.groupby(["condition_signature", "arm"]).indices
        values = runs[outcome].to_list()
        shown = {"mlflow.loggedArtifacts": json.dumps([{"path": SEEDS_FILE, "type": "table"}])}
        additions, tables = {}, {}
        for key, child in children.items():
            rows = rows_of.get(key, [])
            points = [(name, value, 0) for name, value in summaries[key].items()]
            points += [(f"seeds/{outcome}", values[row], at) for at, row in enumerate(rows)]
            additions[child.run_id] = Addition(
                groups=[[point] for point in points if math.isfinite(point[1])],
                at=child.created,
                tags={**tags[key], **shown},
                status="FINISHED",
            )
            trained = SplitMetric("train", child.objective.metrics[0]).column
            tables.setdefault(trained, {})[child.run_id, child.artifact_uri] = rows
        for trained, places in tables.items():
            columns = ["seed", "status", outcome, trained, *sigma_columns(runs.columns), "signature"]
            place_texts(self._client, SEEDS_FILE, views.tables_json(runs[columns], places))
        self._family.writer.extend(additions)

    def _arms_table(self) -> str:
        """Which MLflow run each arm of each Condition is, in the study's order."""
        rows = [
            {
                "condition_signature": key[0],
                "condition": self._family.label(key[0]),
                "arm": key[1],
                "run_id": self._children[key].run_id,
            }
            for key in self._declared
        ]
        return views.table_json(pandas.DataFrame(rows))

    @in_one_line
    def pages(self, base_url: str) -> Pages:
        """Links to MLflow's pages of the study's arms."""
        children = zip(self._declared, self._needed(self._declared), strict=True)
        return pages_of(base_url, self.experiment_id, ((*key, child.run_id) for key, child in children))

    @in_one_line
    def stop(self, status: str) -> None:
        """Ends an incomplete study as "KILLED" or "FAILED": no MLflow run stays RUNNING."""
        self._flush()
        used = {child.run_id for child in self._children.values()}
        running = [child.run_id for child in self._children.values() if child.running]
        running += [run_id for run_id in self._family.left_running if run_id not in used]
        self._family.writer.extend({run_id: Addition(status=status) for run_id in running})
        self._client.set_terminated(self.run_id, status=status)


def _writer(client, uri: str, experiment_id: str) -> Writer:
    """What writes children into a store: the fastest that it allows."""
    public = ByClient(client, experiment_id, server=uri.startswith("http"))
    try:
        from spectra_tune.tracking.in_bulk import in_bulk  # loads MLflow's own modules
    except ImportError:  # an MLflow that has them elsewhere
        return public
    return in_bulk(uri, experiment_id, client.get_experiment(experiment_id).artifact_location) or public
