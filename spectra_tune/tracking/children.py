"""The MLflow runs of a study: its parent, and below it one for each arm and each configuration of a search."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import pandas

from spectra_tune.design import Member, Objective, SplitMetric, objective_of
from spectra_tune.design.signature import digest
from spectra_tune.tracking.declaring import (
    LONGEST_RUN_NAME,
    LONGEST_TAG,
    child_parameters,
    configurations,
    cut,
    dataset_of,
    log_dataset,
    log_parameters,
    shortened,
)
from spectra_tune.tracking.entries import Addition, Held, New, Writer
from spectra_tune.tracking.points import now
from spectra_tune.tracking.reading import OURS

Key = tuple[str, str]
"""(condition_signature, arm)."""


@dataclass(slots=True)
class Child:
    """One (Condition, arm, stage) and the epochs it has logged."""

    run_id: str
    created: int  # ms since 1970
    artifact_uri: str
    seeds: int
    objective: Objective
    logged: set[int] = field(default_factory=set)
    known: bool = True  # whether `logged` is what MLflow holds; where not, it is read when needed
    running: bool = True  # as MLflow shows it

    @property
    def marker(self) -> str:
        """The curve that every run has: an epoch that a child has logged has its mean, or diverged_seeds, or both."""
        return SplitMetric("validation", self.objective.loss).column


class Family:
    """A study's parent, and what an earlier start left below it."""

    def __init__(
        self, client, writer: Writer, experiment_id: str, parent, labels: Mapping[str, str], shared: Mapping[str, str]
    ):
        self._client, self.writer = client, writer
        self.experiment_id = experiment_id
        self.parent_id: str = parent.run_id
        self.created: int = parent.start_time
        self._labels, self._shared = labels, shared
        self._known_there: dict[str, Held] | None = None
        self._written: set[str] = set()  # arm_signature of configurations

    @property
    def _there(self) -> dict[str, Held]:
        """What MLflow holds, by arm_signature."""
        if self._known_there is None:
            self._known_there = {child.arm_signature: child for child in self.writer.held()}
        return self._known_there

    def _made(self, children: Sequence[New]) -> list[Held]:
        """Children that are there from now on; where that fails, what came of it is looked up again."""
        there, self._known_there = self._there, None
        made = self.writer.make(children)
        self._known_there = there | {held.arm_signature: held for held in made}
        return made

    @property
    def left_running(self) -> list[str]:
        """run_id of what an earlier start, that was killed, left as running."""
        return [child.run_id for child in self._there.values() if child.status == "RUNNING"]

    def label(self, condition_signature: str) -> str:
        """What a Condition is called."""
        return self._labels[condition_signature]

    def arms(self, wanted: Mapping[Key, tuple[Member, int]]) -> dict[Key, Child]:
        """The children of members' arms with so many seeds, adopted where they are there."""
        made: dict[Key, New] = {}
        children: dict[Key, Child] = {}
        for key, (member, seeds) in wanted.items():
            identity = {"condition_signature": member.condition_signature, "arm": member.arm, "stage": member.stage}
            held = self._there.get(digest(identity))
            if held is None:
                made[key] = self._new(
                    "arm",
                    identity,
                    member.arm,
                    params=child_parameters(member, seeds),
                    dataset=dataset_of(member.condition.task),
                )
                continue
            if not held.whole:  # a kill has come between its creation and its parameters
                log_parameters(self._client, held.run_id, child_parameters(member, seeds))
                log_dataset(self._client, held.run_id, dataset_of(member.condition.task))
            children[key] = _child(held, member, seeds, known=False)
        for key, held in zip(made, self._made(list(made.values())), strict=True):
            children[key] = _child(held, *wanted[key], known=True)
        return children

    def configurations(self, runs: pandas.DataFrame, metric: str) -> None:
        """A finished child for each configuration in these rows of a search that has none yet."""
        made, points = [], {}
        for identity, params, of_one in configurations(runs, metric):
            arm_signature = digest(identity)
            held = self._there.get(arm_signature)
            if arm_signature in self._written or (held is not None and held.status == "FINISHED"):
                continue
            points[arm_signature] = of_one
            if held is None:
                name = f"{identity['arm']} · configuration {identity['configuration']}"
                made.append(self._new("configuration", identity, name, params=params, dataset=None))
            else:  # a kill may have come between its creation and its parameters
                log_parameters(self._client, held.run_id, params)
        self._made(made)
        there = {arm_signature: self._there[arm_signature] for arm_signature in points}
        self.writer.extend(
            {
                held.run_id: Addition(groups=[points[arm_signature]], at=held.created, status="FINISHED")
                for arm_signature, held in there.items()
            }
        )
        self._written |= set(points)

    def look_at(self, children: Collection[Child], curves: Collection[str]) -> None:
        """Reads what children have logged of these curves, where that is not known.

        At the first need only: a study of thousands of arms should start in seconds.
        """
        unknown = {child.run_id: child for child in children if not child.known}
        for run_id, steps in self.writer.steps(unknown, curves).items():
            unknown[run_id].logged = steps
            unknown[run_id].known = True

    def _new(self, kind: str, identity: Mapping[str, str], name: str, *, params: Mapping[str, object], dataset) -> New:
        label = self._labels[identity["condition_signature"]]
        tags = {
            OURS: kind,
            "mlflow.parentRunId": self.parent_id,
            "arm_signature": digest(identity),
            "condition": label,
            **identity,
            **self._shared,
        }
        return New(
            name=shortened(f"{label} · {name}", LONGEST_RUN_NAME),
            created=now(),
            tags={key: cut(tag, LONGEST_TAG) for key, tag in tags.items()},
            params={key: str(value) for key, value in params.items()},
            dataset=dataset,
        )


def _child(held: Held, member: Member, seeds: int, *, known: bool) -> Child:
    return Child(
        held.run_id,
        held.created,
        held.artifact_uri,
        seeds,
        objective_of(member.condition.task),
        known=known,
        running=held.status == "RUNNING",
    )
