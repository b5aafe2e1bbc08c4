"""Targets that react to training signals: (state, signals) -> state, batched over members.

A reactive schedule is a straight line from sigma_start to sigma_end whose progress a signal moves, not time. Rules use
exact arithmetic only, so that a member's bits cannot depend on its company. Source: research plan, phases 2B and 4.

Axes: M member.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy
from numpy import ndarray

OBSERVATIONS = 50
"""Of signals in a training, from before its first step on; of fewer epochs one before each."""

IMPROVEMENT, PATIENCE, PLATEAU_STEP = 0.03, 2, 0.1
"""A loss that falls by less than this share of its best for so many observations moves progress by a step."""

MOST_DEAD, SMOOTHING = 0.5, 0.3
"""Share of dead units at which the target is back at its start, and the weight of a new observation of it."""

MOST_GROWTH = 10.0
"""Growth of the sensitivity over that of the initial network at which the target has reached its end."""

State = Mapping[str, ndarray]
"""Arrays (members,) float64 by name, among them "progress" in [0, 1]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signals:
    """What is observed of all members, (members,) float64 each; None where no member reacts to it."""

    loss_M: ndarray | None = None  # mean cross-entropy on the training data, nats
    dead_share_M: ndarray | None = None  # of hidden units, never positive on the training data
    sensitivity_M: ndarray | None = None  # root mean square slope of the logits along fixed directions
    spectral_norm_M: ndarray | None = None  # mean over the regularized weights


def plateau(state: State, signals: Signals) -> State:
    """Progress steps on whenever the training loss stalls."""
    loss_M = signals.loss_M
    assert loss_M is not None
    best_M, waited_M = state.get("best", numpy.full_like(loss_M, numpy.inf)), state.get("waited", loss_M * 0)
    improved_M = loss_M < (1 - IMPROVEMENT) * best_M
    waited_M = numpy.where(improved_M, 0.0, waited_M + 1)
    stalled_M = waited_M >= PATIENCE
    before_M = state.get("progress", numpy.zeros_like(loss_M))
    return {
        "progress": numpy.where(stalled_M, numpy.minimum(1.0, before_M + PLATEAU_STEP), before_M),
        "best": numpy.where(improved_M, loss_M, best_M),
        "waited": numpy.where(stalled_M, 0.0, waited_M),
    }


def dead_units(state: State, signals: Signals) -> State:
    """The target is at its end while all units live, and goes back to its start as they die."""
    share_M = signals.dead_share_M
    assert share_M is not None
    smoothed_M = state.get("smoothed", share_M)
    smoothed_M = smoothed_M + SMOOTHING * (share_M - smoothed_M)
    return {"progress": 1.0 - numpy.minimum(1.0, smoothed_M / MOST_DEAD), "smoothed": smoothed_M}


def sensitivity(state: State, signals: Signals) -> State:
    """The target goes to its end as the network grows more sensitive than it was at first, and back if it calms."""
    now_M = signals.sensitivity_M
    assert now_M is not None
    first_M = state.get("first", now_M)
    grown_M = numpy.divide(now_M, first_M, out=numpy.full_like(now_M, numpy.inf), where=first_M > 0)
    return {"progress": numpy.clip((grown_M - 1.0) / (MOST_GROWTH - 1.0), 0.0, 1.0), "first": first_M}


RULES: dict[str, Callable[[State, Signals], State]] = {
    "plateau": plateau,
    "dead_units": dead_units,
    "sensitivity": sensitivity,
}
"""By the name of the schedule (schedules.REACTIVE)."""


def observed_every(epochs: int) -> int:
    """Epochs between two observations."""
    return max(1, epochs // OBSERVATIONS)
