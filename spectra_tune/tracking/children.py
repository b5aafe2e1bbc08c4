"""The MLflow runs of a study: its parent, and below it one for each arm and each configuration of a search."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas

from spectra_tune.design import Member, Objective, SplitMetric, objective_of
from spectra_tune.design.signature import digest
from spectra_tune.tracking.declaring import (
    LONGEST_RUN_NAME,
    LONGEST_TAG,
    child_parameters,
    cut,
    log_configuration,
    log_parameters,
    log_task,
    shortened,
)
from spectra_tune.tracking.reading import OURS, children_of


@dataclass(slots=True)
class Child:
    """One (Condition, arm, stage) and the epochs it has logged."""

    run_id: str
    created: int  # ms since 1970
    seeds: int
    objective: Objective
    logged: set[int] = field(default_factory=set)
    adopted: bool = False  # from an earlier start, and not looked at yet: what it has logged is read when needed
    running: bool = True  # as MLflow shows it

    @property
    def marker(self) -> str:
        """The curve that every run has: an epoch that a child has logged has its mean, or diverged_seeds, or both."""
        return SplitMetric("validation", self.objective.loss).column


class Family:
    """A study's parent, and what an earlier start left below it."""

    def __init__(self, client, experiment_id: str, parent, labels: Mapping[str, str], shared: Mapping[str, str]):
        self._client = client
        self.experiment_id = experiment_id
        self.parent_id: str = parent.run_id
        self.created: int = parent.start_time
        self._labels, self._shared = labels, shared
        left = [child for kind in ("arm", "configuration") for child in children_of(client, experiment_id, kind)]
        self._there: dict[str, Any] = {child.data.tags["arm_signature"]: child.info for child in left}
        self._whole = {child.info.run_id for child in left if child.data.params and child.inputs.dataset_inputs}
        self._written: set[str] = set()  # arm_signature of configurations

    def arm(self, member: Member, seeds: int) -> Child:
        """The child of a member's arm, adopted where there is one."""
        identity = {
            "condition_signature": member.condition_signature,
            "arm": member.arm,
            "stage": member.stage,
        }
        objective = objective_of(member.condition.task)
        info = self._there.get(digest(identity))
        if info is None:
            info = self._made("arm", identity, member.arm)
            child = Child(info.run_id, info.start_time, seeds, objective)
        else:
            running = info.status == "RUNNING"
            child = Child(info.run_id, info.start_time, seeds, objective, adopted=True, running=running)
            if info.run_id in self._whole:
                return child
        # Again for an adopted one: a kill may have come between its creation and its parameters.
        log_parameters(self._client, child.run_id, child_parameters(member, seeds))
        log_task(self._client, child.run_id, member.condition.task)
        return child

    def configurations(self, runs: pandas.DataFrame, metric: str) -> None:
        """A finished child for each configuration in these rows of a search that has none yet."""
        for (signature, arm, number), rows in runs.groupby(["condition_signature", "arm", "configuration"]):
            identity = {
                "condition_signature": str(signature),
                "arm": str(arm),
                "stage": "search",
                "configuration": str(number),
            }
            arm_signature = digest(identity)
            info = self._there.get(arm_signature)
            if arm_signature in self._written or (info is not None and info.status == "FINISHED"):
                continue
            if info is None:
                info = self._made("configuration", identity, f"{arm} · configuration {number}")
            log_configuration(self._client, info, rows, metric)
            self._client.set_terminated(info.run_id, status="FINISHED")
            self._written.add(arm_signature)

    def _made(self, kind: str, identity: Mapping[str, str], name: str):
        """MLflow's info on a new child."""
        label = self._labels[identity["condition_signature"]]
        tags = {
            OURS: kind,
            "mlflow.parentRunId": self.parent_id,
            "arm_signature": digest(identity),
            "condition": label,
            **identity,
            **self._shared,
        }
        return self._client.create_run(
            self.experiment_id,
            tags={key: cut(tag, LONGEST_TAG) for key, tag in tags.items()},
            run_name=shortened(f"{label} · {name}", LONGEST_RUN_NAME),
        ).info
