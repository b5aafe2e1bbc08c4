"""Sweeps: arms of a study that differ in one number."""

from dataclasses import dataclass, fields
from typing import Any

from spectra_tune.design import Arm, Study, Treatment

FEWEST_ARMS = 4
"""Of a line: three points and none are read better in a table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Arms that agree in everything but one number, by that number, rising."""

    label: str  # what sets this line apart from the others of its sweep; "" where it is the only one
    arms: tuple[str, ...]
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """A field of the Treatment, or one that arms change, and the lines along it."""

    field: str
    lines: tuple[Line, ...]


def sweeps(study: Study) -> list[Sweep]:
    """Every sweep among a study's arms; none where a search sets them."""
    if study.search is not None:
        return []
    settings = {name: _settings(arm) for name, arm in study.arms if name != "none"}
    found = []
    for field in dict.fromkeys(name for of_arm in settings.values() for name in of_arm):
        groups: dict[tuple[tuple[str, str], ...], dict[str, float]] = {}
        for arm, of_arm in settings.items():
            if _is_number(of_arm.get(field)):
                others = tuple(sorted((name, str(value)) for name, value in of_arm.items() if name != field))
                groups.setdefault(others, {})[arm] = float(of_arm[field])
        long = {others: values for others, values in groups.items() if len(set(values.values())) >= FEWEST_ARMS}
        if long:
            found.append(
                Sweep(field=field, lines=tuple(_line(others, values, long) for others, values in long.items()))
            )
    return found


def _settings(arm: Arm) -> dict[str, Any]:
    """All that an arm sets, flat: its Treatment's fields and its changes."""
    of_treatment = {item.name: getattr(arm.treatment, item.name) for item in fields(Treatment)}
    return of_treatment | dict(arm.changes) | ({"random stream": str(arm.stream)} if arm.stream else {})


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _line(others: tuple[tuple[str, str], ...], values: dict[str, float], every: Any) -> Line:
    """One line, named after the settings in which the lines differ."""
    common = set.intersection(*(set(one) for one in every))
    label = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in others if (name, value) not in common)
    ordered = sorted(values, key=lambda arm: values[arm])
    return Line(label=label, arms=tuple(ordered), values=tuple(values[arm] for arm in ordered))
