"""Arms in words: as declared, and as a search's candidates were confirmed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

from analysis.judging.compared import SHARED, Share, differing, short
from analysis.judging.contrasts import Judged
from spectra_tune.design import Arm, Treatment


def described(arm: Arm) -> str:
    """An arm in words: its Treatment, its changes, its stream."""
    treatment = arm.treatment
    if treatment == Treatment.none():
        words = ["no regularizer"]
    else:
        defaults = Treatment(strength=1.0, sigma_end=1.0)
        shown = ["strength", "schedule", "sigma_end", *(item.name for item in fields(Treatment))]
        words = [
            f"{name.replace('_', ' ')} {_value(getattr(treatment, name))}"
            for name in dict.fromkeys(shown)
            if (name in shown[:3] or getattr(treatment, name) != getattr(defaults, name))
            and not _is_absent(treatment, name)
        ]
    words += [f"{name} set to {value}" for name, value in arm.changes]
    words += [f"random stream {arm.stream}"] if arm.stream else []
    return ", ".join(words)


def _value(value: Any) -> Any:
    """Numbers in a row, all else as it is."""
    is_row = isinstance(value, tuple) and all(isinstance(one, float) for one in value)
    return " ".join(f"{one:g}" for one in value) if is_row else value


def _is_absent(treatment: Treatment, name: str) -> bool:
    """Whether a Treatment has no such setting: what has no target has no schedule of it."""
    return getattr(treatment, name) is None or (
        name == "schedule" and treatment.sigma_end is None and treatment.knots is None
    )


def confirmed(arm: Arm) -> str:
    """A candidate in words, with three digits of what was tuned."""
    of_treatment = {item.name: getattr(arm.treatment, item.name) for item in fields(Treatment)}
    numbers = {name: float(short(value)) for name, value in of_treatment.items() if isinstance(value, float)}
    knots = {"knots": [float(short(value)) for value in arm.treatment.knots]} if arm.treatment.knots else {}
    fixed = described(replace(arm, treatment=replace(arm.treatment, **numbers, **knots), changes=()))
    return ", ".join([fixed, *(f"{name.replace('_', ' ')} {short(value)}" for name, value in arm.changes)])


def as_confirmed(judged: Sequence[Judged]) -> list[tuple[str, str, str]]:
    """Of a searching study, per Condition and arm: what it was confirmed as, not what it was declared as."""
    found = {}
    for one in judged:
        if one.compared is not None:
            sides = ((one.contrast.treatment, one.compared.treatment), (one.contrast.baseline, one.compared.baseline))
            found |= {(one.condition, name): confirmed(arm) for name, arm in sides}
    return [(condition, arm, words) for (condition, arm), words in found.items()]


def remained(judged: Iterable[Judged]) -> list[tuple[str, str, str, str]]:
    """Of a searching study, per contrast: what the sides differ in beside the Treatment, and what remained matched."""
    return [
        (one.condition, str(one.contrast), differing(one.compared) or "nothing", counted([one.compared.shared]))
        for one in judged
        if one.compared is not None
    ]


def counted(shares: Sequence[Mapping[str, Share]]) -> str:
    """In how many pairs both runs were given the same: `data, order of batches in all 40 pairs; initial weights in 3 of
    40`."""
    by_number: dict[str, list[str]] = {}
    for what in SHARED:
        equal, known = (sum(getattr(one[what], name) for one in shares if what in one) for name in ("equal", "known"))
        number = f"in {'all' if equal == known else f'{equal} of'} {known} pairs" if known else "not recorded"
        by_number.setdefault(number, []).append(what)
    return "; ".join(f"{', '.join(whats)} {number}" for number, whats in by_number.items())
