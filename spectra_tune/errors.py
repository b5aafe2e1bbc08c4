"""What a declaration or a comparison is refused with, and the checks that several declarations share."""

import math
from collections.abc import Iterable
from difflib import get_close_matches


class InvalidStudy(ValueError):
    """A declaration that cannot be carried out: one line that says what must hold, what came and what to do."""


class NotComparable(InvalidStudy):
    """A comparison that the design does not carry: names the fields that differ and both values."""


def nearest(name: str, known: Iterable[str]) -> str:
    """The end of an error line: the nearest known name, or all of them where none is near."""
    known = sorted(known)
    match = get_close_matches(str(name), known, n=1)
    return f"did you mean {match[0]!r}?" if match else f"known are {', '.join(known)}"


def positive(value: float, what: str) -> float:
    """`value` as a float, refused unless finite and > 0."""
    return _number(value, what, "a finite number > 0", lambda number: number > 0)


def not_negative(value: float, what: str) -> float:
    """`value` as a float, refused unless finite and >= 0."""
    return _number(value, what, "a finite number >= 0", lambda number: number >= 0)


def finite(value: float, what: str) -> float:
    """`value` as a float, refused unless finite."""
    return _number(value, what, "a finite number", lambda _: True)


def at_least_one(value: int, what: str) -> int:
    """`value`, refused unless a whole number >= 1."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise InvalidStudy(f"{what} must be a whole number >= 1, got {value!r}")
    return value


def _number(value, what, expected, holds) -> float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not math.isfinite(value) or not holds(value):
        raise InvalidStudy(f"{what} must be {expected}, got {value!r}")
    return float(value)
