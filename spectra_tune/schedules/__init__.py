"""Targets of sigma, and learning rates, as plain functions of training progress: 0 at the first step, 1 at the last."""

import functools
import inspect
import math
from collections.abc import Callable


def static(progress: float, end: float) -> float:  # noqa: ARG001, every schedule takes progress
    """The same target all along."""
    return end


def linear(progress: float, start: float, end: float) -> float:
    """A straight line from start to end."""
    return start + (end - start) * progress if progress < 1 else end


def exponential(progress: float, start: float, end: float) -> float:
    """A constant factor per step from start to end."""
    return start * (end / start) ** progress if progress < 1 else end


def step(progress: float, start: float, end: float) -> float:
    """start in the first half of training, end in the second."""
    return start if progress < 0.5 else end


def cosine(progress: float, start: float, end: float) -> float:
    """Half a period of a cosine from start to end: flat at both ends."""
    return end + (start - end) * (1 + math.cos(math.pi * progress)) / 2 if progress < 1 else end


SCHEDULES: dict[str, Callable[..., float]] = {
    "static": static,
    "linear": linear,
    "exponential": exponential,
    "step": step,
    "cosine": cosine,
}

REACTIVE = ("plateau", "dead_units", "sensitivity")
"""Schedules whose progress from start to end a training signal moves, not time: see by_signal.py."""

SCHEDULES |= dict.fromkeys(REACTIVE, linear)

WARMUP = 0.1
"""Share of training in which a warm-up reaches the whole learning rate."""


def warmup(progress: float) -> float:
    """A straight line from a tenth to the whole in the first tenth of training, then constant."""
    return linear(min(progress / WARMUP, 1.0), 0.1, 1.0)


LEARNING_RATES: dict[str, Callable[[float], float]] = {
    "constant": lambda _: 1.0,
    "cosine": lambda progress: cosine(progress, 1.0, 0.0),
    "step": lambda progress: step(progress, 1.0, 0.1),
    "warmup": warmup,
    "warmup_cosine": lambda progress: (
        warmup(progress) if progress < WARMUP else cosine((progress - WARMUP) / (1 - WARMUP), 1.0, 0.0)
    ),
}
"""Factors of a Condition's learning rate."""


@functools.cache
def has_start(schedule: str) -> bool:
    """Whether the schedule of this name moves from a start, which `sigma_start` then gives."""
    return "start" in inspect.signature(SCHEDULES[schedule]).parameters


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
    capacity_ratio: float = 1.0,
    beta: float = 0.0,
    depth_exponent: float = 0.0,
) -> float:
    """Target of one layer's top singular value at one moment of training.

    layer counts the regularized weights from 1. capacity_ratio: parameters of the network over those of the same
    network at the task's reference width. The start is sigma_start * capacity_ratio**beta; the whole target is
    multiplied by layer**(-depth_exponent). Nothing is clamped.
    Source: research plan, phases 3A (beta) and 4 (depth exponent).
    """
    assert sigma_end is not None, "a Treatment that penalises has an end"
    if has_start(schedule):
        assert sigma_start is not None, "a Treatment whose schedule moves has a start"
        target = SCHEDULES[schedule](progress, sigma_start * capacity_ratio**beta, sigma_end)
    else:
        target = SCHEDULES[schedule](progress, sigma_end)
    return target * layer**-depth_exponent
