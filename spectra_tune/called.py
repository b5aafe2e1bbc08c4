"""What a thing that a study names is called."""

import hashlib
import inspect
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

HASH_LETTERS = 6
"""Of a sha256, where a thing has no text of its own."""


def called(thing: Any) -> str:
    """What a task, a network or a setting is called, in one line: as its `__str__` says, else its class's name and the
    fields that differ from their defaults; a class or function by its name."""
    if thing is None or isinstance(thing, bool | int | float | str):
        return " ".join(str(thing).split())
    if isinstance(thing, type) or inspect.isroutine(thing):
        return thing.__qualname__
    if type(thing).__str__ is not object.__str__ or not _generated(thing):
        return " ".join(str(thing).split())
    shown = ", ".join(f"{name}={_valued(value)}" for name, value in _given(thing))
    return f"{type(thing).__name__}({shown})" if shown else type(thing).__name__


def _generated(thing: Any) -> bool:
    """Whether an object's text is what Python or `dataclass` makes of any object."""
    if not is_dataclass(thing):
        return type(thing).__repr__ is object.__repr__
    shown = ", ".join(f"{item.name}={getattr(thing, item.name)!r}" for item in fields(thing) if item.repr)
    return repr(thing) == f"{type(thing).__qualname__}({shown})"


def _given(thing: Any) -> Iterable[tuple[str, Any]]:
    """Fields, or arguments that were kept under their names, that differ from their defaults."""
    if is_dataclass(thing):
        defaults: Mapping[str, Any] = {
            item.name: item.default_factory() if callable(item.default_factory) else item.default
            for item in fields(thing)
            if item.repr
        }
    else:
        kept = getattr(thing, "__dict__", {})
        defaults = {
            name: one.default for name, one in inspect.signature(type(thing)).parameters.items() if name in kept
        }
    for name, default in defaults.items():
        value = getattr(thing, name)
        if not _equal(value, default):
            yield name, value


def _equal(one: Any, other: Any) -> bool:
    try:
        return bool(one == other)
    except Exception:  # arrays, and whatever a user's class raises
        return False


def _valued(value: Any) -> str:
    if isinstance(value, Path):
        return value.name
    if isinstance(value, list | tuple):
        return f"({', '.join(map(_valued, value))})"
    if hasattr(value, "tobytes"):
        return hashlib.sha256(value.tobytes()).hexdigest()[:HASH_LETTERS]
    return called(value)
