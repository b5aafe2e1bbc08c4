"""What a declaration or a comparison is refused with, and the checks that several declarations share."""

import math
from collections.abc import Iterable
from difflib import get_close_matches
from types import UnionType
from typing import Any


class InvalidStudy(ValueError):
    """A declaration that cannot be carried out: one line that says what must hold, what came and what to do."""

    def _render_traceback_(self) -> list[str]:
        """What IPython shows: in a notebook, too, it is one line."""
        return [f"{type(self).__name__}: {self}"]


class NotComparable(InvalidStudy):
    """A comparison that the design does not carry: names the fields that differ and both values."""


def nearest(name: str, known: Iterable[str]) -> str:
    """The end of an error line: the nearest known name, or all of them where none is near."""
    known = sorted(known)
    match = get_close_matches(str(name), known, n=1)
    return f"did you mean {match[0]!r}?" if match else f"known are {', '.join(known)}"


def one_of(name: Any, what: str, known: Iterable[str]) -> str:
    """`name` as a plain string, refused with the nearest unless it is one of these."""
    known = list(known)
    if not isinstance(name, str) or name not in known:
        raise InvalidStudy(f"no {what} is called {name!r}; {nearest(name, known)}")
    return str(name)


def plain(value: Any) -> Any:
    """A scalar of numpy, or an array of no axes, as the number of Python that it is; all else as it is."""
    return value.item() if getattr(value, "shape", None) == () and hasattr(value, "item") else value


def listed(values: Any, what: str) -> tuple[Any, ...]:
    """A list, tuple, range or array as a tuple of plain values; a string or a single value is refused."""
    if isinstance(values, str | bytes) or not isinstance(values, Iterable) or plain(values) is not values:
        raise InvalidStudy(f"{what} must be a list or range, got {values!r}")
    return tuple(plain(value) for value in values)


def of_kind(value: object, kind: type | UnionType, rule: str) -> None:
    """Refuses a value that is not of a kind. rule: what must hold."""
    if not isinstance(value, kind):
        raise InvalidStudy(f"{rule}, got {value!r}")


def positive(value: Any, what: str) -> float:
    """`value` as a float, refused unless finite and > 0."""
    return _number(value, what, "a finite number > 0", lambda number: number > 0)


def not_negative(value: Any, what: str) -> float:
    """`value` as a float, refused unless finite and >= 0."""
    return _number(value, what, "a finite number >= 0", lambda number: number >= 0)


def finite(value: Any, what: str) -> float:
    """`value` as a float, refused unless finite."""
    return _number(value, what, "a finite number", lambda _: True)


def at_least_one(value: Any, what: str) -> int:
    """`value` as an int, refused unless a whole number >= 1."""
    return whole(value, what, 1)


def whole(value: Any, what: str, least: int, most: int | None = None) -> int:
    """`value` as an int, refused unless a whole number (64.0 is one) >= least and, where that is given, <= most."""
    number = plain(value)
    is_whole = _is_number(number) and math.isfinite(number) and number == int(number)
    if not is_whole or number < least or (most is not None and number > most):
        wanted = f">= {least}" if most is None else f"in {least} … {most}"
        raise InvalidStudy(f"{what} must be a whole number {wanted}, got {number!r}")
    return int(number)


def true_or_false(value: Any, what: str) -> bool:
    """`value` as a bool, refused where it is none."""
    found = plain(value)
    if not isinstance(found, bool):
        raise InvalidStudy(f"{what} must be True or False, got {found!r}")
    return found


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _number(value, what, expected, holds) -> float:
    number = plain(value)
    if not _is_number(number) or not math.isfinite(number) or not holds(number):
        raise InvalidStudy(f"{what} must be {expected}, got {number!r}")
    return float(number)
