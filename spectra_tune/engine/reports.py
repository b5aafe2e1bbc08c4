"""What a block in training says of itself: records of scores, reports of where it stands, the curve table."""

from dataclasses import dataclass
from functools import cached_property
from math import ceil

import numpy
import pandas

from spectra_tune.design import Condition
from spectra_tune.objectives import phases_of
from spectra_tune.results import curve_table


@dataclass(frozen=True, kw_only=True)
class Record:
    """What one group's members scored at one epoch: a value per member and metric."""

    group: int
    epoch: int
    metrics: tuple[str, ...]
    values: numpy.ndarray  # (metrics, members) float64


@dataclass(frozen=True, kw_only=True)
class Report:
    """Where a block stands: what was recorded since the report before, and at the end the run table."""

    epoch: int  # of the arm that trains longest
    epochs: int
    runs: pandas.DataFrame | None
    records: list[Record]
    signatures: list[list[str]]  # of each group's members

    @cached_property
    def curves(self) -> pandas.DataFrame:
        """Rows of the curve table since the report before."""
        return curves_of(self.records, self.signatures)


def reported_every(condition: Condition, reports: int) -> int:
    """Epochs between reports, of which there are to be so many; of a curriculum one at least in each phase."""
    return ceil(condition.epochs / max(1, round(reports / phases_of(condition.task))))


def end_of_report(condition: Condition, number: int, every: int) -> int:
    """The epoch of a report, counted from 0: every so many, and at the end of each phase; or only at the end of all."""
    if every >= condition.total_epochs:
        return condition.total_epochs
    in_phase = ceil(condition.epochs / every)
    phase, within = divmod(number, in_phase)
    return min(phase * condition.epochs + min((within + 1) * every, condition.epochs), condition.total_epochs)


def curves_of(records: list[Record], signatures: list[list[str]]) -> pandas.DataFrame:
    """The curve table of these records: metric by metric, each member's value."""
    columns: dict[str, list[numpy.ndarray]] = {"signature": [], "epoch": [], "metric": [], "value": []}
    of_group = [numpy.array(names, dtype=object) for names in signatures]
    for one in records:
        metrics, members = one.values.shape
        columns["signature"].append(numpy.tile(of_group[one.group], metrics))
        columns["epoch"].append(numpy.full(metrics * members, one.epoch))
        columns["metric"].append(numpy.repeat(numpy.array(one.metrics, dtype=object), members))
        columns["value"].append(one.values.ravel())
    return curve_table({name: numpy.concatenate(parts) if parts else [] for name, parts in columns.items()})
