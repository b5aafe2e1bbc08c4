"""Seeds: disjoint pools, one that selects and one that carries verdicts."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from spectra_tune.errors import InvalidStudy


def distinct_seeds(seeds: Iterable[int], what: str) -> tuple[int, ...]:
    if isinstance(seeds, int | str) or not hasattr(seeds, "__iter__"):
        raise InvalidStudy(f"{what} must be a list or range of whole numbers, got {seeds!r}")
    listed = tuple(seeds)
    for seed in listed:
        if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
            raise InvalidStudy(f"{what} must be whole numbers >= 0, got {seed!r}")
    twice = sorted({seed for seed in listed if listed.count(seed) > 1})
    if twice:
        raise InvalidStudy(f"{what} must be distinct, since a repeated seed is no new observation: {twice} came twice")
    return listed


@dataclass(frozen=True, slots=True, kw_only=True)
class Seeds:
    """Disjoint pools: `confirm` carries verdicts, `search` selects."""

    confirm: Any  # given as a range or list, kept as a tuple
    search: Any = ()

    def __post_init__(self):
        object.__setattr__(self, "confirm", distinct_seeds(self.confirm, "confirmation seeds"))
        object.__setattr__(self, "search", distinct_seeds(self.search, "search seeds"))
        if not self.confirm:
            raise InvalidStudy("a study needs confirmation seeds, got none")
        both = sorted(set(self.confirm) & set(self.search))
        if both:
            raise InvalidStudy(f"search and confirmation seeds must be disjoint, both have {both}")
