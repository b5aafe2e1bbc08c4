"""Evaluations of a block's trained members: under attack, on corrupted samples, of their calibration.

They are made on test samples, in a search on validation samples.

Members go one by one, as plain modules on a processor, so that the bits of each depend on no other's; the one thing
that they share is what was made of the arm `none` of their seed.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy
import torch
from scipy.ndimage import gaussian_filter
from torch import Tensor
from torch.nn import Module

from spectra_tune import objectives
from spectra_tune.design import Attack, Calibration, Corruption, Member
from spectra_tune.engine.members.draws import Draw, numbers_of
from spectra_tune.engine.members.generators import seeded
from spectra_tune.engine.members.splits import judged_on
from spectra_tune.engine.members.trainer import Trainer
from spectra_tune.objectives import EVALUATIONS, EVALUATIONS_OF_SEARCHES, SplitMetric, objective_of
from spectra_tune.objectives.classification import predicted
from spectra_tune.probes.attack import strongest
from spectra_tune.probes.calibration import expected_error
from spectra_tune.randomness import derived_seed

BASELINE = "none"
"""The arm whose perturbations the others are tried on."""

TILE = 512
"""Samples that are evaluated at a time."""

Scores = dict[str, float]


def evaluated(trainers: Sequence[Trainer], evaluations: Sequence[Any], draw: Draw) -> list[list[Scores]]:
    """Of every member of every trainer its numbers by metric; none of one whose parameters are not all finite."""
    found: list[list[Scores]] = [[{} for _ in trainer.members] for trainer in trainers]
    if not evaluations:
        return found
    states = [trainer.states() for trainer in trainers]
    modules = [_module(trainer, its) for trainer, its in zip(trainers, states, strict=True)]
    places = [(at, slot) for at, trainer in enumerate(trainers) for slot in range(len(trainer.members))]
    made: dict[int, Tensor] = {}  # by seed: what an attack made of the samples for the baseline
    for at, slot in sorted(places, key=lambda place: trainers[place[0]].members[place[1]].arm != BASELINE):
        member, state = trainers[at].members[slot], states[at][slot]
        if all(bool(value.isfinite().all()) for value in state.values() if value.is_floating_point()):
            modules[at].load_state_dict(state)
            found[at][slot] = _of_member(modules[at], member, evaluations, draw, made)
    return found


def evaluation_columns(
    evaluations: Sequence[Any], member: Member, draw: Draw | None, scores: Mapping[str, float]
) -> Scores:
    """All columns of a member's evaluations: NaN where it has no score; draw: None where its data cannot be drawn."""
    row = {}
    for evaluation in evaluations:
        constant = math.nan if draw is None else _of_constant(evaluation, member, draw)
        for one in _measured(evaluation, member):
            row[one.column] = scores.get(one.metric.name, math.nan)
            row[one.of_constant] = constant
    return row


def _measured(evaluation: Any, member: Member) -> list[SplitMetric]:
    """What of an evaluation is measured of a member: in a search nothing that needs the baseline beside it."""
    split = judged_on(member)
    known = EVALUATIONS if split == "test" else EVALUATIONS_OF_SEARCHES
    of_split = [EVALUATIONS[column].on(split) for column in evaluation.columns]
    return [one for one in of_split if one.column in known]


def _of_constant(evaluation: Any, member: Member, draw: Draw) -> float:
    """Of the best constant predictor, which no perturbation changes, on the same samples.

    Its calibration error is that of the largest class said with certainty: one that gives the classes' shares is
    calibrated perfectly, and a diverged run would be the best of all.
    """
    target = draw(judged_on(member), member.seed).y
    few = target[: evaluation.samples] if isinstance(evaluation, Attack) else target
    objective = objective_of(member.condition.task)
    right = objectives.implement(objective).scores_of_constant(few)[objective.metrics[0].name]
    return 1 - right if isinstance(evaluation, Calibration) else right


def _module(trainer: Trainer, states: Sequence[Mapping[str, Tensor]]) -> Module:
    """A module on a processor that takes each member's state."""
    (dtype, *_) = [value.dtype for value in states[0].values() if value.is_floating_point()]
    return trainer.module().to("cpu", dtype).eval().requires_grad_(False)


def _of_member(
    module: Module, member: Member, evaluations: Sequence[Any], draw: Draw, made: dict[int, Tensor]
) -> Scores:
    samples, scores = draw(judged_on(member), member.seed), {}
    dtype = next(module.parameters()).dtype
    with seeded(derived_seed(member.seed, "evaluation")):  # a module that draws when it is evaluated leaves no trace
        for evaluation in evaluations:
            count = min(evaluation.samples, len(samples)) if isinstance(evaluation, Attack) else len(samples)
            x, target = numpy.asarray(samples.x[:count]), torch.from_numpy(samples.y[:count])
            if getattr(member.condition.task, "vocabulary", None) is not None:
                inputs = torch.from_numpy(x)
            else:
                inputs = torch.from_numpy(numbers_of(x)).to(dtype)
            if isinstance(evaluation, Attack):
                scores |= _attacked(module, inputs, target, evaluation, member, made)
            elif isinstance(evaluation, Corruption):
                scores[_name(evaluation)] = _accuracy(module, _corrupted(inputs, evaluation, member), target)
            else:
                scores[_name(evaluation)] = expected_error(_outputs(module, inputs), target, evaluation.bins)
    return scores


def _name(evaluation: Corruption | Calibration) -> str:
    """Of its one metric."""
    (column,) = evaluation.columns
    return EVALUATIONS[column].metric.name


def _attacked(
    module: Module, x: Tensor, target: Tensor, attack: Attack, member: Member, made: dict[int, Tensor]
) -> Scores:
    """Accuracy under the attack, under one of twice the radius from the same draws, and under the baseline's."""
    robust, twice, transfer = (EVALUATIONS[column].metric.name for column in attack.columns)
    worst, share = _perturbed(module, x, target, attack, member)
    if member.arm == BASELINE:
        made[member.seed] = worst
    _, at_twice = _perturbed(module, x, target, replace(attack, epsilon=2 * attack.epsilon), member)
    of_baseline = made.get(member.seed)
    return {
        robust: share,
        twice: at_twice,
        transfer: math.nan if of_baseline is None else _accuracy(module, of_baseline, target),
    }


def _perturbed(module: Module, x: Tensor, target: Tensor, attack: Attack, member: Member) -> tuple[Tensor, float]:
    generator = torch.Generator().manual_seed(derived_seed(member.seed, "attack"))
    parts = zip(x.split(TILE), target.split(TILE), strict=True)
    worst, right = zip(*(strongest(module, some, its, attack, generator) for some, its in parts), strict=True)
    return torch.cat(worst), float(torch.cat(right).double().mean())


def _corrupted(x: Tensor, corruption: Corruption, member: Member) -> Tensor:
    if corruption.kind == "noise":
        generator = torch.Generator().manual_seed(derived_seed(member.seed, "noise"))
        drawn = torch.randn(x.shape, generator=generator, dtype=torch.float64)
        return x + (corruption.severity * drawn).to(x)
    widths = (*[0.0] * (x.ndim - 2), corruption.severity, corruption.severity)
    return torch.from_numpy(gaussian_filter(x.numpy(), widths, mode="nearest"))


def _accuracy(module: Module, x: Tensor, target: Tensor) -> float:
    return float((predicted(_outputs(module, x)) == target).double().mean())


def _outputs(module: Module, x: Tensor) -> Tensor:
    with torch.no_grad():
        return torch.cat([module(part) for part in x.split(TILE)])
