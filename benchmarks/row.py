"""A row: one ratio, measured a few times, and what it should be."""

import statistics
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


class NotMeasured(Exception):
    """What was to be measured did not run to its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Ratios of one case, one per repeat, with their target (None: only reported)."""

    section: str
    case: str
    ratios: tuple[float, ...]
    target: float | None = None
    at_least: bool = True  # the target is a floor; else a ceiling
    figures: Mapping[str, float] = field(default_factory=dict)  # what the ratios are made of; the unit ends the name

    @property
    def median(self) -> float:
        return statistics.median(self.ratios)

    @property
    def met(self) -> bool | None:
        """Whether the median reaches the target; None without one."""
        if self.target is None:
            return None
        return self.median >= self.target if self.at_least else self.median <= self.target

    def record(self) -> dict[str, Any]:
        """The row as JSON holds it."""
        return {
            "section": self.section,
            "case": self.case,
            "median": self.median,
            "low": min(self.ratios),
            "high": max(self.ratios),
            "repeats": len(self.ratios),
            "target": self.target,
            "target_is": None if self.target is None else "at least" if self.at_least else "at most",
            "met": self.met,
            "figures": dict(self.figures),
        }
