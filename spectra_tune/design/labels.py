"""Labels: what tells the Conditions of a study apart, in words."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import fields
from typing import Any

from spectra_tune.called import called
from spectra_tune.design.condition import Condition, flat, hyperparameters
from spectra_tune.design.signature import condition_signature
from spectra_tune.errors import InvalidStudy

OF_NETWORKS = ("kind", "width", "depth", "activation", "init", "init_gain")
"""Shown first of a network's hyperparameters."""

OF_CONDITION = tuple(item.name for item in fields(Condition) if item.name not in ("task", "network"))


_LAST: dict[int, tuple[Sequence[Condition], dict[str, str]]] = {}
"""What was asked for last, by identity: a report asks many times for the labels of one study."""


def labels(conditions: tuple[Condition, ...]) -> dict[str, str]:
    """A short name of each Condition, by its signature: its task, what differs among the networks, and the fewest other
    fields that tell the Conditions apart."""
    if (last := _LAST.get(id(conditions))) is not None:
        return dict(last[1])
    found = _told_apart(conditions)
    _LAST.clear()
    _LAST[id(conditions)] = conditions, found
    return dict(found)


def _told_apart(conditions: Sequence[Condition]) -> dict[str, str]:
    flats = {condition_signature(condition): flat(condition) for condition in conditions}
    of_networks = dict.fromkeys(name for condition in conditions for name in hyperparameters(condition.network))
    said, distinct = dict.fromkeys(flats, ""), 0
    for name in dict.fromkeys(("task", *OF_NETWORKS, *of_networks, *OF_CONDITION)):
        fields_said = {signature: _field(name, of[name]) for signature, of in flats.items() if name in of}
        longer = {
            signature: ", ".join(filter(None, (before, fields_said.get(signature))))
            for signature, before in said.items()
        }
        differs, found = len(set(fields_said.values())) > 1, len(set(longer.values()))
        if found > distinct or (differs and name not in OF_CONDITION):
            said, distinct = longer, found
    same: Counter[str] = Counter()
    for signature, label in said.items():
        same[label] += 1
        if same[label] > 1:
            said[signature] = f"{label} (no. {same[label]})"
    return said


def _field(name: str, value: Any) -> str:
    if name == "batch_size" and value is None:
        return "full batch"
    return called(value) if name in ("task", "kind") else f"{name.replace('_', ' ')} {called(value)}"


def tasks_by_name(conditions: Iterable[Condition]) -> dict[str, Any]:
    """The tasks of these Conditions by what they are called; refuses two of one name, which tables could not tell
    apart."""
    named: dict[str, Any] = {}
    for task in dict.fromkeys(condition.task for condition in conditions):
        if called(task) in named:
            raise InvalidStudy(
                f"tasks are told apart by their names, two are called {called(task)!r}: give the class a __str__ that "
                "says what differs"
            )
        named[called(task)] = task
    return named
