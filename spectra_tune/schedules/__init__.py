"""Schedules, by name: how targets of sigma and learning rates move over a training.

By time (by_time.py): plain functions of training progress. By signal (by_signal.py): rules that move the progress of a
straight line. One more is a function in its file and a line here.
"""

import functools
import inspect
from collections.abc import Callable, Sequence

from spectra_tune.schedules.by_time import cosine, exponential, knots, linear, static, step, warmup, warmup_cosine

SCHEDULES: dict[str, Callable[..., float]] = {
    "static": static,
    "linear": linear,
    "exponential": exponential,
    "step": step,
    "cosine": cosine,
    "knots": knots,
}

REACTIVE = ("plateau", "dead_units", "sensitivity")
"""Schedules whose progress from start to end a training signal moves, not time: see by_signal.py."""

SCHEDULES |= dict.fromkeys(REACTIVE, linear)

LEARNING_RATES: dict[str, Callable[[float], float]] = {
    "constant": lambda _: 1.0,
    "cosine": lambda progress: cosine(progress, 1.0, 0.0),
    "step": lambda progress: step(progress, 1.0, 0.1),
    "warmup": warmup,
    "warmup_cosine": warmup_cosine,
}
"""Factors of a Condition's learning rate."""


@functools.cache
def _takes(schedule: str) -> tuple[str, ...]:
    """What the schedule of this name goes by, beside progress."""
    return tuple(inspect.signature(SCHEDULES[schedule]).parameters)[1:]


def has_start(schedule: str) -> bool:
    """Whether the schedule of this name moves from a start, which `sigma_start` then gives."""
    return "start" in _takes(schedule)


def has_knots(schedule: str) -> bool:
    """Whether the schedule of this name goes from knot to knot, which `knots` then gives."""
    return "knots" in _takes(schedule)


def progress_at(step_index: int, steps: int) -> float:
    """Progress of a step (counted from 0) among `steps`: exactly 0 at the first and exactly 1 at the last.

    A training of one single step is at its end.
    """
    return step_index / (steps - 1) if steps > 1 else 1.0


def sigma_target(
    schedule: str,
    progress: float,
    layer: int,
    *,
    sigma_start: float | None,
    sigma_end: float | None,
    knots: Sequence[float] | None = None,
    capacity_ratio: float = 1.0,
    beta: float = 0.0,
    depth_exponent: float = 0.0,
    scale: float = 1.0,
) -> float:
    """Target of one layer's top singular value at one moment of training.

    layer counts the regularized weights from 1. capacity_ratio: parameters of the network over those of the same
    network at the task's reference width. The start is sigma_start * capacity_ratio**beta; the whole target is
    multiplied by layer**(-depth_exponent) and by scale, the layer's own. Nothing is clamped.
    Source: research plan, phases 3A (beta) and 4 (depth exponent).
    """
    start = None if sigma_start is None else sigma_start * capacity_ratio**beta
    given = {"start": start, "end": sigma_end, "knots": knots}
    going_by = [given[name] for name in _takes(schedule)]
    assert None not in going_by, f"a Treatment that penalises has what schedule {schedule!r} goes by"
    target = SCHEDULES[schedule](progress, *going_by)
    return target * layer**-depth_exponent * scale
