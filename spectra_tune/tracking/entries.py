"""What MLflow gets of a study's children, many at a time."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from mlflow.entities import Dataset

Point = tuple[str, float, int]
"""Metric, value (finite) and step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class New:
    """A child that MLflow does not hold yet."""

    name: str
    created: int  # ms since 1970
    tags: Mapping[str, str]
    params: Mapping[str, str]
    dataset: "Dataset | None" = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A child that MLflow holds."""

    run_id: str
    created: int  # ms since 1970
    status: str
    artifact_uri: str
    arm_signature: str
    whole: bool  # it has its parameters and its dataset


@dataclass(frozen=True, slots=True, kw_only=True)
class Addition:
    """What a child that MLflow holds gets more; a group of points is written whole or not."""

    groups: Sequence[Sequence[Point]] = ()
    at: int = 0  # of the points, ms since 1970
    tags: Mapping[str, str] = field(default_factory=dict)
    status: str | None = None  # None leaves it


class Writer(Protocol):
    """Writes the children of one experiment. What is written again as it was is there once."""

    def held(self) -> list[Held]:
        """Children that are not deleted, in the order in which they were made."""
        ...

    def make(self, children: Sequence[New]) -> list[Held]: ...

    def extend(self, additions: Mapping[str, Addition]) -> None:
        """additions: by run_id. A child gets its status last; one that is deleted gets nothing, and is an error."""
        ...

    def steps(self, run_ids: Collection[str], metrics: Collection[str]) -> dict[str, set[int]]:
        """At which steps each child has a point of one of these metrics."""
        ...
