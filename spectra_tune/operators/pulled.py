"""Which of a network's operators are pulled, by patterns of their names."""

from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Any

from spectra_tune.errors import InvalidStudy, nearest


def pulled(
    network: Any, names: Sequence[str], patterns: Sequence[str] | None, refused: str = "regularizes no"
) -> tuple[int, ...]:
    """Places of the names that match a pattern, or lie in what does; without patterns all of them."""
    if patterns is None:
        return tuple(range(len(names)))
    for pattern in patterns:
        if not any(_matches(name, pattern) for name in names):
            raise InvalidStudy(f"{network} {refused} {pattern!r}; {nearest(pattern, names)}")
    return tuple(place for place, name in enumerate(names) if any(_matches(name, pattern) for pattern in patterns))


def _matches(name: str, pattern: str) -> bool:
    return fnmatchcase(name, pattern) or fnmatchcase(name, f"{pattern}.*")
