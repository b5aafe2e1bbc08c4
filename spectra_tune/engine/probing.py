"""Probes taken on a group's members, on a probe set that all members of a task share."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy
import torch

from spectra_tune import probes
from spectra_tune.engine.members.draws import checked_draw, numbers_of
from spectra_tune.engine.members.generators import seeded
from spectra_tune.engine.members.layers import operators_by_layer
from spectra_tune.engine.members.trainer import Trainer
from spectra_tune.objectives import objective_of
from spectra_tune.probes.probe_input import ProbeInput, ProbeResult
from spectra_tune.randomness import derived_seed
from spectra_tune.results import PROBE_REASONS

LEAST_POINTS, MOST_DRAWS = 1000, 10
"""Points of a probe set: the validation draws of so many seeds of its own as it takes, at most so many."""

MARGIN = 0.05
"""Of the probe set's span, added on each side: the region in which a boundary is looked for."""

ProbeResults = dict[str, ProbeResult]


class ProbeSet:
    """The points of a task that its members are probed on: fixed, whatever the members' own seeds."""

    def __init__(self, task: Any):
        drawn, count = [], 0
        while count < LEAST_POINTS and len(drawn) < MOST_DRAWS:
            drawn.append(checked_draw(task, "validation", derived_seed(len(drawn), "probe")))
            count += len(drawn[-1])
        tokens = getattr(task, "vocabulary", None) is not None
        some = [one.x[:LEAST_POINTS] for one in drawn]
        self.x = numpy.concatenate([x if tokens else numbers_of(x) for x in some])[:LEAST_POINTS]
        self.target = numpy.concatenate([one.y for one in drawn])[:LEAST_POINTS]
        flat = self.x.reshape(len(self.x), -1)
        span = numpy.ptp(flat, axis=0)
        self.low, self.high = flat.min(axis=0) - MARGIN * span, flat.max(axis=0) + MARGIN * span


def take(trainer: Trainer, names: Sequence[str], points: ProbeSet) -> ProbeResults:
    """Results of all the probes of these names, by quantity; on a processor, in double precision."""
    drawing = partial(seeded, derived_seed(0, "probe"))
    probed = ProbeInput(
        module=trainer.module(),
        states=trainer.states(),
        initial=trainer.initial(),
        regularized=partial(operators_by_layer, trainer.condition.network),
        x=torch.from_numpy(points.x),
        target=torch.from_numpy(points.target),
        objective=objective_of(trainer.condition.task),
        low_F=points.low,
        high_F=points.high,
        drawing=drawing,
    )
    found: ProbeResults = {}
    with drawing():  # a module that draws when it is evaluated, too, leaves no trace
        for name in names:
            found |= probes.implement(name)(probed)
    return found


def columns(results: ProbeResults, slot: int) -> dict[str, Any]:
    """One member's columns of the run table: a number or NaN for every quantity, and why some have none."""
    reasons = [f"{name}: {of.reasons[slot]}" for name, of in results.items() if of.reasons[slot] is not None]
    values = {f"probe_{name}": float(of.values[slot]) for name, of in results.items()}
    return values | {PROBE_REASONS: "; ".join(reasons)}


def series(results: ProbeResults) -> dict[str, numpy.ndarray]:
    """Every quantity of all members as a metric of the curve table; NaN where it could not be measured."""
    return {f"probe_{name}": of.values for name, of in results.items()}
