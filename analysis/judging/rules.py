"""What a study fixed before its first run, and the numbers that every study shares."""

from dataclasses import dataclass
from typing import Literal

FEWEST_SEEDS = 5
PROVISIONAL_BELOW = 8
SECONDARY_ALPHA = 0.05
"""Level of the margin and equivalence families, each Holm-adjusted."""


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What the study fixed before its first run."""

    margin: float  # in the metric's unit
    alpha: float
    tests: int  # m, failed ones included
    stage: str = "confirm"
    matching: Literal["checked", "declared"] = "checked"  # whether it was seen or is said that pairs are matched
