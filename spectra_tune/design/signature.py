"""Signatures: a run is identified by what determines it, not by a name that somebody typed."""

import hashlib
import json
from collections.abc import Mapping, Sequence, Set
from dataclasses import Field, fields, is_dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any, cast

from spectra_tune.called import called
from spectra_tune.design.condition import Condition
from spectra_tune.design.sources import is_own, source_digest
from spectra_tune.design.treatment import Treatment
from spectra_tune.errors import InvalidStudy, plain
from spectra_tune.own_code import place_of_error, said

LATER = "later"
"""Key of the metadata of a field that came after records had been made: `field(default=…, metadata={"later": True})`.
With its default it has no part in a signature, so that records of before keep theirs."""

BESIDE_CONTENT = "beside_content"
"""Key of the metadata of a field that has no part in a signature since another field says its content, such as where a
file lies beside the digest of what it holds, or since it changes nothing that is trained."""

NAMED = {"Perceptron": {"class": "Network", "kind": "mlp"}}
"""What signatures say instead of a class's name where records of before know it under another."""


def run_signature(condition: Condition, treatment: Treatment, seed: int, stream: int) -> str:
    """Signature of one run: of its Condition with the arm's changes carried out, its Treatment, seed and stream."""
    return run_signatures(condition, treatment, (seed,), stream)[0]


def run_signatures(condition: Condition, treatment: Treatment, seeds: Sequence[int], stream: int) -> list[str]:
    """Those of runs that differ in their seeds only: what they share is looked at once."""
    shared = canonical({"condition": condition, "treatment": treatment, "stream": stream})
    return [_hashed({**shared, "seed": canonical(seed)}) for seed in seeds]


def condition_signature(condition: Condition) -> str:
    """Signature of a block's Condition, without any arm's changes: the key that matched runs share."""
    return digest(condition)


def digest(thing: Any) -> str:
    """sha256 (hex) of a thing's canonical form."""
    return _hashed(canonical(thing))


def digests_of_fields(thing: Any) -> dict[str, str]:
    """Eight hex digits for each field of a dataclass that has a part in its signature."""
    return {name: digest(value)[:8] for name, value in _state(thing).items()}


def _hashed(form: Any) -> str:
    return hashlib.sha256(json.dumps(form, sort_keys=True).encode()).hexdigest()


def canonical(thing: Any) -> Any:
    """A JSON value that says all that determines a thing, equal on every machine.

    Files (pathlib.Path) and arrays count by content. An object of a class outside this package adds the sha256 of
    the source that defines it and, if it draws data, of what it draws for seed 0: its name alone says nothing.
    """
    if thing is None or isinstance(thing, (bool, int, float, str)):
        return thing
    if plain(thing) is not thing:
        return canonical(plain(thing))
    if isinstance(thing, Path):
        return {"file": hashlib.sha256(thing.read_bytes()).hexdigest()}
    if isinstance(thing, list | tuple | range):
        return [canonical(item) for item in cast("Sequence[Any]", thing)]
    if isinstance(thing, set | frozenset):
        return sorted((canonical(item) for item in cast("Set[Any]", thing)), key=json.dumps)
    if isinstance(thing, Mapping):
        return {str(key): canonical(value) for key, value in cast("Mapping[Any, Any]", thing).items()}
    if hasattr(thing, "tobytes") and hasattr(thing, "shape"):
        return {"array": hashlib.sha256(thing.tobytes()).hexdigest(), "shape": list(thing.shape)}
    if isinstance(thing, type):
        return {"type": _name_of(thing)} | ({"source": source_digest(thing)} if is_own(thing) else {})
    if callable(thing) and hasattr(thing, "__qualname__"):
        return {"function": _name_of(thing)} | ({"source": source_digest(thing)} if is_own(thing) else {})
    if isinstance(thing, partial):
        return {"partial": canonical(thing.func), "args": canonical(thing.args), "keywords": canonical(thing.keywords)}
    return _canonical_object(thing)


def _name_of(definition: Any) -> str:
    """What a class or function is called: of an installed one with its module, since it adds no source."""
    with_module = not is_own(definition) and not str(definition.__module__).startswith("spectra_tune")
    return f"{definition.__module__}.{definition.__qualname__}" if with_module else definition.__qualname__


def _canonical_object(thing: object) -> dict[str, Any]:
    kind = type(thing)
    if not is_dataclass(thing) and not hasattr(thing, "__dict__"):
        raise InvalidStudy(f"what determines a {kind.__qualname__} cannot be read: give {thing!r} as a number or text")
    state = _state(thing) if is_dataclass(thing) else vars(thing)
    named = {"class": kind.__qualname__} if is_own(kind) else NAMED.get(kind.__qualname__, {"class": kind.__qualname__})
    form: dict[str, Any] = {**named, **{name: canonical(value) for name, value in state.items()}}
    if is_own(kind):
        form["source"] = source_digest(kind)
        if callable(getattr(thing, "draw", None)):
            form["data"] = _data_digest(thing)
    return form


def _state(thing: Any) -> dict[str, Any]:
    """A dataclass's fields; none BESIDE_CONTENT, one that came LATER only where it has not its default."""
    state = {item: getattr(thing, item.name) for item in _counting(thing.__class__)}
    return {item.name: value for item, value in state.items() if not (LATER in item.metadata and value == item.default)}


@cache
def _counting(kind: type) -> tuple[Field[Any], ...]:
    """The fields of a dataclass that are not BESIDE_CONTENT."""
    return tuple(item for item in fields(kind) if BESIDE_CONTENT not in item.metadata)


def _bytes_of(array: Any) -> bytes:
    """Of an array, a tensor, what pandas has, or lists of numbers."""
    for name in ("to_numpy", "numpy"):
        if hasattr(array, name):
            array = getattr(array, name)()
    return array.tobytes() if hasattr(array, "tobytes") else json.dumps(array).encode()


_DATA_DIGESTS: dict[int, tuple[Any, str]] = {}


def _data_digest(task: Any) -> str:
    """sha256 of what a user's task draws for seed 0; drawn once per task object."""
    held, known = _DATA_DIGESTS.get(id(task), (None, ""))
    if held is not task:
        seen = hashlib.sha256()
        try:
            for split in ("train", "validation", "test"):
                for array in task.draw(split, 0):
                    seen.update(_bytes_of(array))
        except Exception as error:  # anything that a user's task may raise
            place = place_of_error(error)
            raise InvalidStudy(
                f"{place}{': ' * bool(place)}{called(task)} must draw pairs of arrays x, y, seed 0 gave {said(error)}"
            ) from error
        known = seen.hexdigest()
        _DATA_DIGESTS[id(task)] = (task, known)
    return known
