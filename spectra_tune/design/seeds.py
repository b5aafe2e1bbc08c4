"""Seeds: disjoint pools, one that selects and one that carries verdicts."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from spectra_tune.errors import InvalidStudy, listed, whole


def distinct_seeds(seeds: Iterable[int], what: str) -> tuple[int, ...]:
    found = tuple(whole(seed, f"each of the {what}", 0) for seed in listed(seeds, what))
    twice = sorted({seed for seed in found if found.count(seed) > 1})
    if twice:
        raise InvalidStudy(f"{what} must be distinct, since a repeated seed is no new observation: {twice} came twice")
    return found


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
