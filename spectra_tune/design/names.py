"""Names that people give: what a thing is called, which names are allowed, and names in fewer letters."""

import hashlib
import inspect
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from spectra_tune.design.signature import digest
from spectra_tune.errors import InvalidStudy

HASH_LETTERS = 6
"""Of a name's sha256, where fewer letters of the name itself do not tell it from others."""


def called(thing: Any) -> str:
    """What a task, a network or a setting is called, in one line: as its `__str__` says, else its class's name and the
    fields that differ from their defaults; a class or function by its name."""
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
    if value is None or isinstance(value, bool | int | float | str):
        return " ".join(str(value).split())
    if isinstance(value, Path):
        return value.name
    if isinstance(value, list | tuple):
        return f"({', '.join(map(_valued, value))})"
    if hasattr(value, "tobytes"):
        return digest(value)[:HASH_LETTERS]
    return called(value)


def checked_name(name: Any, what: str) -> str:
    """A name that stands in tables, pictures and records, refused unless it is one line of text without blanks around
    it: any script and any sign is allowed."""
    if not isinstance(name, str) or not name.strip():
        raise InvalidStudy(f"{what} must be text that is not blank, got {name!r}")
    if name != name.strip():
        raise InvalidStudy(f"{what} must have no blanks around it, got {name!r}: write {name.strip()!r}")
    hidden = sorted({letter for letter in name if unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp")})
    if hidden:
        raise InvalidStudy(f"{what} must be one line of letters and signs, got {name!r}: take {hidden[0]!r} out of it")
    return name


def distinct_names(names: Iterable[str], *, lost: str, fill: str, longest: int) -> dict[str, str]:
    """Each name without the characters that the pattern `lost` matches, `fill` in the place of each run of them.

    Some of its sha256 stands behind it where a letter or digit was lost, where it was cut, and where two names would be
    one, on a disk that ignores case as well: different names stay different.
    """
    found, unlike = {}, set()
    for name in names:
        text = re.sub(f"(?:{lost})+", fill, name).strip(f"{fill} ")
        found[name] = text[:longest].rstrip(f"{fill} ")
        if not text or len(text) > longest or any(map(str.isalnum, "".join(re.findall(lost, name)))):
            unlike.add(name)
    same = Counter(_without_case(text) for text in found.values())

    def hashed(name: str) -> str:
        end = hashlib.sha256(name.encode()).hexdigest()[:HASH_LETTERS]
        return f"{found[name]}-{end}" if found[name] else end

    return {
        name: hashed(name) if name in unlike or same[_without_case(text)] > 1 else text for name, text in found.items()
    }


def _without_case(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()
