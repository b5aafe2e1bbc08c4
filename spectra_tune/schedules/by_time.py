"""Targets and learning rates as plain functions of training progress: 0 at the first step, 1 at the last."""

import math
from collections.abc import Sequence


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


def knots(progress: float, knots: Sequence[float]) -> float:
    """Straight lines from knot to knot, which lie at equal distances from the first step to the last."""
    place = min(int(progress * (len(knots) - 1)), len(knots) - 2)
    return linear(progress * (len(knots) - 1) - place, knots[place], knots[place + 1])


WARMUP = 0.1
"""Share of training in which a warm-up reaches the whole learning rate."""


def warmup(progress: float) -> float:
    """A straight line from a tenth to the whole in the first tenth of training, then constant."""
    return linear(min(progress / WARMUP, 1.0), 0.1, 1.0)


def warmup_cosine(progress: float) -> float:
    """A warm-up, then half a period of a cosine down to nothing."""
    return warmup(progress) if progress < WARMUP else cosine((progress - WARMUP) / (1 - WARMUP), 1.0, 0.0)
