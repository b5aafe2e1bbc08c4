"""Contrast: two arms of a block, one minus the other."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from spectra_tune.errors import InvalidStudy, listed


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrast:
    """treatment - baseline, two arms of a block; `differs` names the changed fields that it may span."""

    treatment: str
    baseline: str
    differs: Any = frozenset[str]()  # given as a set or list of field names, kept as a frozenset

    def __post_init__(self):
        object.__setattr__(self, "differs", frozenset(listed(self.differs, "differs")))
        if self.treatment == self.baseline:
            raise InvalidStudy(f"a contrast needs two arms, got {self.treatment!r} twice")

    def __str__(self) -> str:
        return f"{self.treatment} − {self.baseline}"


def contrast_of(pair: Contrast | Sequence[str]) -> Contrast:
    """A contrast that is given as one, or as a pair."""
    if isinstance(pair, Contrast):
        return pair
    if isinstance(pair, tuple | list) and len(pair) == 2:
        return Contrast(treatment=pair[0], baseline=pair[1])
    raise InvalidStudy(f"a contrast is a Contrast or a pair (treatment arm, baseline arm), got {pair!r}")
