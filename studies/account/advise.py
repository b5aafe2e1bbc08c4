"""Whether to use the penalty on a condition: from what was measured there, and from nothing else."""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from rich.console import Console

from spectra_tune.errors import at_least_one
from studies.account.evidence import Evidence, read
from studies.account.expected import expectations
from studies.command.console import say, to_reader

ANSWERS = ("use it", "optional", "do not", "unknown")
NEAREST = 3
"""Pieces of evidence that are named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """An answer for one condition, why, and the evidence that it rests on or that comes nearest."""

    answer: str  # one of ANSWERS
    protocol: str  # the rest of the Condition that the evidence is about, empty without evidence
    because: str
    evidence: tuple[Evidence, ...]
    nearest: "tuple[tuple[str, Advice], ...]" = ()  # what was studied instead: in which fields it differs, its answer


def advice(rows: Sequence[Evidence], *, task: str, network: str, width: int, epochs: int) -> list[Advice]:
    """Answers for a task, a network of a width and a number of epochs, one for each protocol that was studied there.

    Without evidence for exactly these it is one "unknown", which tells what the nearest on each side say and in which
    fields they differ from what was asked.
    """
    asked = (task, network, width, epochs)
    exact = [row for row in rows if (row.task, row.network, row.width, row.epochs) == asked]
    return _by_protocol(exact) if exact else [_nothing(rows, task, network, width, epochs)]


def _by_protocol(exact: Sequence[Evidence]) -> list[Advice]:
    protocols = dict.fromkeys(row.protocol for row in exact)
    return [_of_protocol([row for row in exact if row.protocol == protocol]) for protocol in protocols]


def _of_protocol(exact: Sequence[Evidence]) -> Advice:
    """The answer from all the evidence for one Condition."""

    def decided(decision: str) -> list[Evidence]:
        return _by_gain([row for row in exact if row.decision == decision])

    tried, avoided = _tally(exact), decided("avoid")
    if best := decided("use"):
        answer, because = "use it", f"{best[0].reason}: {best[0].treatment}; {tried}"
    elif best := decided("optional"):
        answer, because = "optional", f"{best[0].reason}: {best[0].treatment}; {tried}"
    elif best := decided("collect more"):
        answer, best = "unknown", [*best, *avoided]
        because = f"no Treatment that was tried here is shown to be worth it, and not all are ruled out; {tried}"
    else:
        answer, best = "do not", avoided
        because = f"no Treatment that was tried here gains anything that matters; {tried}"
    return Advice(answer=answer, protocol=exact[0].protocol, because=because, evidence=tuple(best[:NEAREST]))


def _nothing(rows: Sequence[Evidence], task: str, network: str, width: int, epochs: int) -> Advice:
    same = [row for row in rows if row.task == task] or [row for row in rows if kind_of(row.task) == kind_of(task)]
    if not same:
        known = sorted({row.task for row in rows})
        near = get_close_matches(task, known, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"studied were {', '.join(known)}"
        return Advice(answer="unknown", protocol="", because=f"no study had the task {task!r}; {hint}", evidence=())
    same = [row for row in same if row.network == network] or same
    nearest = []
    for place in _nearest((width, epochs), {(row.width, row.epochs) for row in same}):
        there = [row for row in same if (row.width, row.epochs) == place]
        for name, kind in dict.fromkeys((row.task, row.network) for row in there):
            others = {
                "task": (name, task),
                "network": (kind, network),
                "width": (place[0], width),
                "epochs": (place[1], epochs),
            }
            differs = ", ".join(f"{field} {one} for {asked}" for field, (one, asked) in others.items() if one != asked)
            alike = [row for row in there if (row.task, row.network) == (name, kind)]
            nearest += [(differs, found) for found in _by_protocol(alike)]
    because = f"no study had {task}, {network} of width {width}, and {epochs} epochs; the nearest on each side say"
    return Advice(answer="unknown", protocol="", because=because, evidence=(), nearest=tuple(nearest))


def kind_of(task: str) -> str:
    """A task's name without its settings."""
    return task.partition("(")[0]


def _nearest(asked: tuple[int, int], studied: Collection[tuple[int, int]]) -> list[tuple[int, int]]:
    """Of (width, epochs) the studied ones next to what is asked: that itself, else below and above in each."""

    def distance(one: tuple[int, int]) -> float:
        return sum(abs(math.log2(a / b)) for a, b in zip(one, asked, strict=True))  # doublings

    if asked in studied:
        return [asked]
    found = []
    for field, value in enumerate(asked):
        below = [one for one in studied if one[field] < value]
        above = [one for one in studied if one[field] > value]
        found += [min(side, key=lambda one: (distance(one), one)) for side in (below, above) if side]
    return sorted(dict.fromkeys(found), key=distance)


def _by_gain(rows: Sequence[Evidence]) -> list[Evidence]:
    return sorted(rows, key=lambda row: row.gain, reverse=True)


def _tally(rows: Sequence[Evidence]) -> str:
    """How many contrasts got which verdict."""
    names = [row.verdict.partition(" (")[0] for row in rows]
    counted = "; ".join(f"{names.count(name)} {name}" for name in dict.fromkeys(sorted(names)))
    return f"{len(rows)} {'contrast' if len(rows) == 1 else 'contrasts'} over none: {counted}"


def advise(*, task: str, network: str, width: int, epochs: int) -> int:
    """Prints the advice for a condition; returns the exit code."""
    at_least_one(width, "--width")
    at_least_one(epochs, "--epochs")
    console = to_reader()
    for found in advice(read(), task=task, network=network, width=width, epochs=epochs):
        say(console, f"{found.answer}{found.protocol and f' ({found.protocol})'}: {found.because}")
        _say_evidence(console, found.evidence)
        for differs, near in found.nearest:
            say(console, f"  - with {differs} ({near.protocol}): {near.answer}: {near.because}")
            _say_evidence(console, near.evidence[:1], "    ")
        if not found.protocol:
            for sentence in expectations(task=task, network=network, width=width, epochs=epochs):
                say(console, f"  - {sentence}")
    return 0


def _say_evidence(console: Console, rows: Sequence[Evidence], indent: str = "  ") -> None:
    for row in rows:
        where = f"{row.study}, {row.task}, {row.network}, width {row.width}, {row.epochs} epochs"
        say(console, f"{indent}- {where}, {row.arm} ({row.treatment}): {row.verdict}. {row.sentence}")
