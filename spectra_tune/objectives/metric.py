"""Metric: what a score is called, in which unit it is told, and which way is better."""

from dataclasses import dataclass
from typing import NamedTuple

SPLITS = ("train", "validation", "test")

PHASES = "phases"
"""In place of a split: of what is scored over all phases of a curriculum."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A score of a trained network on some samples: a mean over them, or what is computed from their sums.

    The run table holds it as `scores` gave it; reports show `scale` times that, in `unit`.
    """

    name: str  # in columns, behind the split: test_accuracy
    words: str  # in sentences: "balanced accuracy"
    unit: str  # of differences as they are shown: "pp", "nats"; empty for one that has none
    symbol: str  # behind a value: " %", " nats"
    scale: float  # from the run table's numbers to the unit
    higher_is_better: bool
    bounds: tuple[float, float]  # of the run table's numbers; infinite where there is none
    margin: float  # in the unit: the difference that matters where a study names no other
    beside: "Metric | None" = None  # of an evaluation: the metric of the samples as they are, which is told beside it

    @property
    def sign(self) -> float:
        """Of a gain, in differences treatment - baseline."""
        return 1.0 if self.higher_is_better else -1.0


class SplitMetric(NamedTuple):
    """A metric on one split: a column of the run table. Of a table from elsewhere the split is not known, and empty."""

    split: str
    metric: Metric

    @property
    def column(self) -> str:
        return self.metric.name if self.split in ("", PHASES) else f"{self.split}_{self.metric.name}"

    @property
    def of_constant(self) -> str:
        """The column of what the best constant predictor of the same samples scores."""
        return f"{self.column}_of_constant"

    @property
    def words(self) -> str:
        """In a sentence: what is measured on test data is held out."""
        if self.split == PHASES:
            return self.metric.words
        return f"{'held-out' if self.split == 'test' else self.split} {self.metric.words}".lstrip()

    @property
    def plain(self) -> "SplitMetric":
        """Of an evaluation the metric of the samples as they are; else itself."""
        return SplitMetric(self.split, self.metric.beside or self.metric)

    @property
    def followed(self) -> "SplitMetric":
        """What curves have of it: the plain metric on validation data."""
        return self.plain.on("validation")

    def on(self, split: str) -> "SplitMetric":
        """The same metric on another split; of all phases there is but one."""
        return self if self.split == PHASES else SplitMetric(split, self.metric)
