"""Whether to use the penalty on a condition: from what was measured there, and from nothing else."""

import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from spectra_tune.design.errors import at_least_one
from studies.evidence import Evidence, read

ANSWERS = ("use it", "optional", "do not", "unknown")
NEAREST = 3
"""Pieces of evidence that are named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """An answer for one condition, why, and the evidence that it rests on or that comes nearest."""

    answer: str  # one of ANSWERS
    because: str
    evidence: tuple[Evidence, ...]


def advice(rows: Sequence[Evidence], *, task: str, width: int, epochs: int) -> Advice:
    """The answer for a task, a width and a number of epochs; never one without evidence for exactly these."""
    exact = [row for row in rows if (row.task, row.width, row.epochs) == (task, width, epochs)]
    if not exact:
        return _nothing(rows, task, width, epochs)
    by_decision = {
        decision: [row for row in exact if row.decision == decision]
        for decision in ("use", "optional", "avoid", "collect more")
    }
    for decision, answer in (("use", "use it"), ("optional", "optional")):
        if by_decision[decision]:
            best = _by_gain(by_decision[decision])
            return Advice(
                answer=answer,
                because=f"{best[0].reason}: {best[0].treatment}; {_tally(exact)}",
                evidence=tuple(best[:NEAREST]),
            )
    open_ones = _by_gain(by_decision["collect more"])
    avoided = _by_gain(by_decision["avoid"])
    if not open_ones:
        because = f"no Treatment that was tried here gains anything that matters; {_tally(exact)}"
        return Advice(answer="do not", because=because, evidence=tuple(avoided[:NEAREST]))
    because = f"no Treatment that was tried here is shown to be worth it, and not all are ruled out; {_tally(exact)}"
    return Advice(answer="unknown", because=because, evidence=tuple([*open_ones, *avoided][:NEAREST]))


def _nothing(rows: Sequence[Evidence], task: str, width: int, epochs: int) -> Advice:
    same = [row for row in rows if row.task == task]
    if not same:
        known = sorted({row.task for row in rows})
        near = get_close_matches(task, known, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"studied were {', '.join(known)}"
        return Advice(answer="unknown", because=f"no study had the task {task!r}; {hint}", evidence=())
    at = sorted({(row.width, row.epochs) for row in same}, key=lambda one: _distance(one, (width, epochs)))
    nearest = [row for row in same if (row.width, row.epochs) == at[0]]
    because = (
        f"no study had {task} at width {width} and {epochs} epochs; the nearest had width {at[0][0]} and {at[0][1]} "
        f"epochs: {_tally(nearest)}"
    )
    return Advice(answer="unknown", because=because, evidence=tuple(_by_gain(nearest)[:NEAREST]))


def _distance(one: tuple[int, int], other: tuple[int, int]) -> float:
    """Doublings of the width and of the epochs between two conditions."""
    return sum(abs(math.log2(a / b)) for a, b in zip(one, other, strict=True))


def _by_gain(rows: Sequence[Evidence]) -> list[Evidence]:
    return sorted(rows, key=lambda row: row.gain_pp, reverse=True)


def _tally(rows: Sequence[Evidence]) -> str:
    """How many contrasts got which verdict."""
    names = [row.verdict.partition(" (")[0] for row in rows]
    counted = ", ".join(f"{names.count(name)} {name}" for name in dict.fromkeys(sorted(names)))
    return f"{len(rows)} {'contrast' if len(rows) == 1 else 'contrasts'} over none: {counted}"


def advise(*, task: str, width: int, epochs: int) -> int:
    """Prints the advice for a condition; returns the exit code."""
    at_least_one(width, "--width")
    at_least_one(epochs, "--epochs")
    found = advice(read(), task=task, width=width, epochs=epochs)
    print(f"{found.answer}: {found.because}")
    for row in found.evidence:
        print(f"\n{row.study}: {row.task}, width {row.width}, {row.epochs} epochs ({row.protocol})")
        print(textwrap.fill(f"{row.arm} ({row.treatment}): {row.verdict}. {row.sentence}", 100, initial_indent="  ",
                            subsequent_indent="  "))  # fmt: skip
    return 0
