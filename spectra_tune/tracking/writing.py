"""Write a study into MLflow as it runs: one writer, batched, and found again after a kill."""

import importlib.metadata
import platform
import re
import subprocess
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import pandas

from spectra_tune.design import InvalidStudy, Study, Treatment, flat, members
from spectra_tune.design.signature import digest
from spectra_tune.results import sigma_columns
from spectra_tune.tracking.reading import OURS, children_of
from spectra_tune.tracking.store import client_of, sqlite_file

LONGEST_TAG = 8000
"""Characters; MLflow would cut a longer one without a word."""

METRICS_PER_BATCH = 1000

MARKER = "validation_loss"
"""The curve that every arm has: its steps say which epochs a child has logged."""


@dataclass(slots=True)
class _Child:
    """One (Condition, arm, stage) and the epochs it has logged."""

    run_id: str
    condition_signature: str
    arm: str
    logged: set[int] = field(default_factory=set)


class Tracker:
    """The record of one execution of a study."""

    def __init__(self, client, experiment_id: str, run_id: str, by_arm: dict[tuple[str, str], _Child], owner):
        self._client = client
        self.experiment_id = experiment_id
        self.run_id = run_id
        self._children = by_arm  # by (condition_signature, arm)
        self._owner = owner  # (condition_signature, arm) of a run's signature

    @classmethod
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
        """Creates the study's experiment, parent and children, or adopts those that an earlier start left.

        labels: by condition_signature. description: Markdown.
        """
        client = client_of(uri)
        experiment_id = _experiment(client, name, uri, description)
        shared = {**tags, **_provenance()}
        parent_tags = {
            OURS: "study",
            "study_signature": study.signature(),
            "mlflow.note.content": description,
            **shared,
        }
        run_id = _adopted_or_created(
            client,
            experiment_id,
            f"tags.`{OURS}` = 'study'",
            name,
            {key: _fits(tag) for key, tag in parent_tags.items()},
        )
        _log_parameters(client, run_id, parameters)
        there = {child.data.tags["arm_signature"]: child.info.run_id for child in children_of(client, experiment_id)}
        by_arm: dict[tuple[str, str], _Child] = {}
        owner: dict[str, tuple[str, str]] = {}
        for block in study.blocks():
            for member in members(block):
                key = (member.condition_signature, member.arm)
                owner[member.signature] = key
                if key in by_arm:
                    continue
                identity = {"condition_signature": key[0], "arm": member.arm, "stage": member.stage}
                arm_signature = digest(identity)
                condition = labels[member.condition_signature]
                if arm_signature in there:
                    child = _Child(there[arm_signature], *key)
                    client.update_run(child.run_id, status="RUNNING")
                    child.logged = {point.step for point in client.get_metric_history(child.run_id, MARKER)}
                else:
                    child_tags = {
                        OURS: "arm",
                        "mlflow.parentRunId": run_id,
                        "arm_signature": arm_signature,
                        "condition": condition,
                        **identity,
                        **shared,
                    }
                    child = _Child(
                        client.create_run(
                            experiment_id, tags=child_tags, run_name=f"{condition} · {member.arm}"
                        ).info.run_id,
                        *key,
                    )
                    treatment = {item.name: getattr(member.treatment, item.name) for item in fields(Treatment)}
                    if member.treatment == Treatment.none():
                        treatment = {"strength": 0.0}
                    protocol = {key: value for key, value in flat(member.condition).items() if key != "network"}
                    seeds = len(block.seeds)
                    given = {"arm": member.arm, **protocol, **treatment, "stream": member.stream, "seeds": seeds}
                    _log_parameters(
                        client, child.run_id, {key: value for key, value in given.items() if value is not None}
                    )
                by_arm[key] = child
        return cls(client, experiment_id, run_id, by_arm, owner)

    def log_curves(self, curves: pandas.DataFrame) -> None:
        """Mean curves over seeds, one batch per child; epochs that a child has already are left out.

        curves: rows of the curve table that cover all seeds of their arms. Diverged seeds are not in a mean; how many
        there are is logged as diverged_seeds.
        """
        arms = curves["signature"].map(self._owner)
        for key, rows in curves.groupby(arms, sort=False):
            child = self._children[key]
            new = rows[~rows["epoch"].isin(child.logged)]
            if new.empty:
                continue
            means = new.groupby(["metric", "epoch"], as_index=False)["value"].agg(["mean", "size", "count"])
            points = [
                (str(metric), float(mean), int(epoch))
                for metric, epoch, mean, _, finite in means.itertuples(index=False)
                if finite
            ]
            points += [
                ("diverged_seeds", float(size - finite), int(epoch))
                for metric, epoch, _, size, finite in means.itertuples(index=False)
                if metric == MARKER and finite < size
            ]
            self._log_points(child.run_id, points)
            child.logged |= set(new["epoch"])

    def finish(
        self,
        runs: pandas.DataFrame,
        curves: pandas.DataFrame,
        *,
        outcome: str,
        summaries: Mapping[tuple[str, str], Mapping[str, float]],
        tags: Mapping[tuple[str, str], Mapping[str, str]],
        parent_metrics: Mapping[str, float],
        description: str,
        artifacts: Mapping[str, bytes],
    ) -> None:
        """Ends a complete study: curves that a kill left out, final values, per-seed tables, then the parent.

        summaries and tags: by (condition_signature, arm). The parent becomes FINISHED last of all.
        """
        self.log_curves(curves)
        drawn = set(curves["metric"])  # these metrics have their final value already, as the end of a curve
        for key, child in self._children.items():
            rows = runs[(runs["condition_signature"] == key[0]) & (runs["arm"] == key[1])]
            points = [(name, value, 0) for name, value in summaries[key].items() if name not in drawn]
            finite = rows[outcome].notna()
            values = enumerate(rows[outcome].to_list())
            points += [(f"seeds/{outcome}", value, at) for at, value in values if finite.iloc[at]]
            self._log_points(child.run_id, points)
            for name, tag in tags[key].items():
                self._client.set_tag(child.run_id, name, _fits(tag))
            columns = ["seed", "status", outcome, "train_accuracy", *sigma_columns(rows), "signature"]
            table = rows[columns].astype(object).where(rows[columns].notna(), None)
            self._client.log_table(child.run_id, table.reset_index(drop=True), "seeds.json")
            self._client.set_terminated(child.run_id, status="FINISHED")
        self._log_points(self.run_id, [(name, value, 0) for name, value in parent_metrics.items()])
        self._log_points(self.run_id, self._overview(curves))
        with tempfile.TemporaryDirectory() as folder:
            runs.to_parquet(Path(folder) / "runs.parquet", index=False)
            curves.to_parquet(Path(folder) / "curves.parquet", index=False)
            for name, content in artifacts.items():
                (Path(folder) / name).write_bytes(content)
            self._client.log_artifacts(self.run_id, folder)
        self._client.set_tag(self.run_id, "mlflow.note.content", _fits(description))
        self._client.set_terminated(self.run_id, status="FINISHED")

    def stop(self, status: str) -> None:
        """Ends an incomplete study as "KILLED" or "FAILED": no MLflow run stays RUNNING."""
        for run_id in (*(child.run_id for child in self._children.values()), self.run_id):
            self._client.set_terminated(run_id, status=status)

    def _overview(self, curves: pandas.DataFrame) -> list[tuple[str, float, int]]:
        """Each arm's mean validation accuracy over all Conditions, by percent of its training."""
        rows = curves[curves["metric"] == "validation_balanced_accuracy"]
        arms = rows["signature"].map(lambda signature: self._owner[signature][1])
        percent = (100 * rows["epoch"] / rows.groupby("signature")["epoch"].transform("max")).round().astype(int)
        means = rows.assign(arm=arms, percent=percent).groupby(["arm", "percent"], as_index=False)["value"].mean()
        return [
            (f"validation_balanced_accuracy/{arm}", float(value), int(at))
            for arm, at, value in means.dropna().itertuples(index=False)
        ]

    def _log_points(self, run_id: str, points: list[tuple[str, float, int]]) -> None:
        """Logs (metric, value, step)."""
        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        metrics = [Metric(_metric_name(name), value, now, step) for name, value, step in points]
        for start in range(0, len(metrics), METRICS_PER_BATCH):
            self._client.log_batch(run_id, metrics=metrics[start : start + METRICS_PER_BATCH])


def _experiment(client, name: str, uri: str, description: str) -> str:
    """The study's experiment, made where there is none."""
    experiment = client.get_experiment_by_name(name)
    if experiment is not None:
        return experiment.experiment_id
    file = sqlite_file(uri)
    place = (file.parent / "mlartifacts" / name).as_uri() if file is not None else None
    return client.create_experiment(
        name, artifact_location=place, tags={OURS: "study", "mlflow.note.content": description}
    )


def _adopted_or_created(client, experiment_id: str, filter_string: str, name: str, tags: dict[str, str]) -> str:
    found = client.search_runs([experiment_id], filter_string, max_results=1)
    if not found:
        return client.create_run(experiment_id, tags=tags, run_name=name).info.run_id
    client.update_run(found[0].info.run_id, status="RUNNING")
    return found[0].info.run_id


def _log_parameters(client, run_id: str, parameters: Mapping[str, Any]) -> None:
    from mlflow.entities import Param

    client.log_batch(run_id, params=[Param(key, str(value)) for key, value in parameters.items()])


def _fits(tag: str) -> str:
    if len(tag) > LONGEST_TAG:
        raise InvalidStudy(f"an MLflow tag holds {LONGEST_TAG} characters, got {len(tag)}: {tag[:60]!r}…")
    return tag


def _metric_name(name: str) -> str:
    """The name with every character that MLflow does not allow replaced."""
    return re.sub(r"[^\w\-. /]", "_", name)


def _provenance() -> dict[str, str]:
    """Versions, machine and commit that a study runs on."""
    versions = {
        f"version.{name}": importlib.metadata.version(name) for name in ("spectra-tune", "torch", "ray", "mlflow")
    }
    return {**versions, "machine": platform.node(), **_git()}


def _git() -> dict[str, str]:
    """Commit and whether the tree differs from it; nothing outside a repository."""

    def asked(*command: str) -> str | None:
        try:
            return subprocess.run(
                ["git", *command], capture_output=True, text=True, check=True, timeout=10
            ).stdout.strip()
        except (OSError, subprocess.SubprocessError):
            return None

    commit, changes = asked("rev-parse", "HEAD"), asked("status", "--porcelain")
    return {} if commit is None else {"git.commit": commit, "git.dirty": str(bool(changes))}
