"""Whether to use the penalty on a condition: from what was measured there, and from nothing else."""

import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from spectra_tune.errors import at_least_one
from studies.account.evidence import Evidence, read

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


def advice(rows: Sequence[Evidence], *, task: str, width: int, epochs: int) -> list[Advice]:
    """Answers for a task, a width and a number of epochs, one for each protocol that was studied there.

    Never one without evidence for exactly these: then it is one "unknown" that names the nearest.
    """
    exact = [row for row in rows if (row.task, row.width, row.epochs) == (task, width, epochs)]
    if not exact:
        return [_nothing(rows, task, width, epochs)]
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


def _nothing(rows: Sequence[Evidence], task: str, width: int, epochs: int) -> Advice:
    same = [row for row in rows if row.task == task]
    if not same:
        known = sorted({row.task for row in rows})
        near = get_close_matches(task, known, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"studied were {', '.join(known)}"
        return Advice(answer="unknown", protocol="", because=f"no study had the task {task!r}; {hint}", evidence=())
    at = sorted({(row.width, row.epochs) for row in same}, key=lambda one: _distance(one, (width, epochs)))
    nearest = [row for row in same if (row.width, row.epochs) == at[0]]
    because = (
        f"no study had {task} at width {width} and {epochs} epochs; the nearest had width {at[0][0]} and {at[0][1]} "
        f"epochs: {_tally(nearest)}"
    )
    return Advice(answer="unknown", protocol="", because=because, evidence=tuple(_by_gain(nearest)[:NEAREST]))


def _distance(one: tuple[int, int], other: tuple[int, int]) -> float:
    """Doublings of the width and of the epochs between two conditions."""
    return sum(abs(math.log2(a / b)) for a, b in zip(one, other, strict=True))


def _by_gain(rows: Sequence[Evidence]) -> list[Evidence]:
    return sorted(rows, key=lambda row: row.gain_pp, reverse=True)


def _tally(rows: Sequence[Evidence]) -> str:
    """How many contrasts got which verdict."""
    names = [row.verdict.partition(" (")[0] for row in rows]
    counted = "; ".join(f"{names.count(name)} {name}" for name in dict.fromkeys(sorted(names)))
    return f"{len(rows)} {'contrast' if len(rows) == 1 else 'contrasts'} over none: {counted}"


def advise(*, task: str, width: int, epochs: int) -> int:
    """Prints the advice for a condition; returns the exit code."""
    at_least_one(width, "--width")
    at_least_one(epochs, "--epochs")
    for found in advice(read(), task=task, width=width, epochs=epochs):
        print(f"{found.answer}{found.protocol and f' ({found.protocol})'}: {found.because}")
        for row in found.evidence:
            about = f"{row.study}, {row.task}, width {row.width}, {row.epochs} epochs, {row.arm} ({row.treatment})"
            said = f"{about}: {row.verdict}. {row.sentence}"
            print(textwrap.fill(said, 100, initial_indent="  - ", subsequent_indent="    "))
    return 0
