"""A user's own table as a task: CSV or Parquet."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from spectra_tune.errors import listed, one_of
from spectra_tune.objectives import CLASSIFICATION, REGRESSION, SPLITS
from spectra_tune.tasks.own_arrays import trained_on, training_rows
from spectra_tune.tasks.source import Source, existing, source


def table(
    file: str | Path,
    *,
    target: str,
    features: Iterable[str] | None = None,
    objective: str | None = None,
    samples: int | None = None,
) -> "Table":
    """Columns of a CSV or Parquet file, whose rows each seed splits: `target` is learnt from `features`, by default all
    the others.

    Columns of text or of true and false are categories, one number 0 or 1 each; numbers get mean 0 and standard
    deviation 1 over the training rows, and so does the target of a regression, whose mean squared error is then in
    units of that variance. A target of text or of true and false is classified, one of fractions is regressed; of whole
    numbers `objective` must say which. samples counts training rows, by default 60 %; validation and test share the
    rest.
    """
    from spectra_tune.tasks.columns import columns_of

    path = existing(file, "a table's file")
    named = None if features is None else listed(features, "features")
    if objective is not None:
        one_of(objective, "objective of a table", (CLASSIFICATION, REGRESSION))
    found = source([path], path)
    columns = columns_of(found, target, named, objective)
    samples = training_rows(samples, columns.rows)
    columns.check_categories(samples)
    return Table(
        file=found,
        target=target,
        columns=columns.names,
        objective=columns.objective,
        samples=samples,
        classes=columns.classes,
        features=columns.width,
        rows=columns.rows,
        chosen=named is not None,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """See `table`. Equal to another one of the same content."""

    file: Source
    target: str
    columns: tuple[str, ...]  # that the target is learnt from
    objective: str
    samples: int
    classes: int | None
    features: int  # numbers that the columns come to
    rows: int
    chosen: bool = field(compare=False, metadata={"beside_content": True})  # whether the columns were named

    def draw(self, split: str, seed: int) -> tuple[Any, Any]:
        """x (samples, features) float64, and labels int64 or numbers float64 (samples,)."""
        from spectra_tune.tasks.columns import columns_of

        one_of(split, "split", SPLITS)
        columns = columns_of(self.file, self.target, self.columns, self.objective)
        return columns.drawn(split, seed, self.samples)

    def __str__(self) -> str:
        chosen = f" from {', '.join(self.columns)}" if self.chosen else ""
        return f"{self.file.place.stem}({', '.join([self.target + chosen, *trained_on(self.samples, self.rows)])})"
