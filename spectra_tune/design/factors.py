"""Factors: what the Conditions of a study differ in, by name and level, where a study asks for the gain by level."""

from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from itertools import permutations
from math import prod
from typing import Any

from spectra_tune.called import called
from spectra_tune.design.condition import Condition, hyperparameters, kind_of
from spectra_tune.errors import InvalidStudy, nearest
from spectra_tune.tasks.task import Task, shape_of

OF_CONDITION = ("optimizer", "learning_rate", "learning_rate_schedule", "weight_decay", "epochs", "batch_size", "clip")

APART = ("width",)
"""Hyperparameters that are factors of their own; all others together are the factor `network`."""

CONDITIONS_PER_NUMBER = 2
"""For each number that is fitted; with fewer an interval from Conditions is far too narrow."""


def levels(conditions: Sequence[Condition]) -> list[dict[str, Any]]:
    """Of each Condition the level of every factor that it has.

    task: the data, without what is a factor of its own: `samples` of them, `share` of wrong labels and `phases`, 0 and
    1 where the task is not made so. A sequence of the same numbers is the same task. network: its kind and those of its
    hyperparameters in which networks of that kind differ, but for the `width`. Beside them `inputs`, the numbers of a
    sample, `classes`, and the network's `kind` and hyperparameters one by one.
    """
    kinds: dict[str, list[dict[str, Any]]] = {}
    for condition in conditions:
        kinds.setdefault(kind_of(condition.network), []).append(hyperparameters(condition.network))
    differ = {kind: _differing(alike) for kind, alike in kinds.items()}
    return [_levels_of(condition, differ[kind_of(condition.network)]) for condition in conditions]


def _differing(alike: Sequence[dict[str, Any]]) -> set[str]:
    """Names under which these have unlike values, or only some of them one; but for those that are factors."""
    names = {name for one in alike for name in one} - set(APART)
    return {name for name in names if len({one.get(name) for one in alike}) > 1}


def _levels_of(condition: Condition, told: set[str]) -> dict[str, Any]:
    network = condition.network
    own = hyperparameters(network)
    rest = ", ".join(f"{name} {called(own[name])}" for name in own if name in told and own[name] is not None)
    innermost, wrapped = _unwrapped(condition.task)
    return {
        "task": innermost.data if isinstance(innermost, Task) else called(innermost),
        "samples": getattr(condition.task, "samples", None),
        "share": wrapped.get("share", 0.0),
        "phases": wrapped.get("phases", 1),
        "network": f"{kind_of(network)}, {rest}" if rest else kind_of(network),
        **{name: getattr(condition, name) for name in OF_CONDITION},
        "inputs": prod(shape_of(condition.task) or ()),
        "classes": getattr(condition.task, "classes", None),
        "kind": kind_of(network),
        **own,
    }


def _unwrapped(task: Any) -> tuple[Any, dict[str, Any]]:
    """The task that others are made of, and the settings of those."""
    settings: dict[str, Any] = {}
    while is_dataclass(task) and hasattr(task, "of"):
        settings |= {item.name: getattr(task, item.name) for item in fields(task) if item.name != "of"}
        task = getattr(task, "of")  # noqa: B009  (of whichever dataclass it is)
    return task, settings


def check_factors(names: Sequence[str], conditions: Sequence[Condition]) -> None:
    """Refuses factors whose shares in a gain these Conditions could not tell apart, or with an interval."""
    found = levels(conditions) if names else []
    if len(set(names)) < len(names):
        raise InvalidStudy(f"factors must differ, got {', '.join(names)}")
    for name in names:
        if any(name not in one for one in found):
            raise InvalidStudy(f"not every Condition has the factor {name!r}; {nearest(name, found[0])}")
        if len({one[name] for one in found}) < 2:
            raise InvalidStudy(f"a factor has two levels at least, all Conditions have {name} {found[0][name]}")
    for one, other in permutations(names, 2):
        pairs = {(levels[one], levels[other]) for levels in found}
        if len(pairs) == len({first for first, _ in pairs}):
            raise InvalidStudy(f"{other} follows from {one} in these Conditions: their shares cannot be told apart")
    needed = CONDITIONS_PER_NUMBER * (1 + sum(len({one[name] for one in found}) - 1 for name in names))
    if names and len(conditions) < needed:
        raise InvalidStudy(f"these factors' levels need {needed} Conditions or more, got {len(conditions)}")
