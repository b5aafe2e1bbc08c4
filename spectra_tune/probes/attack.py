"""The strongest perturbation of each sample that projected gradient descent finds; Madry et al. 2018.

Axes: N sample.
"""

from typing import Protocol

import torch
from torch import Tensor
from torch.nn import Module
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

from spectra_tune.objectives.classification import predicted

STEP = 2.5
"""Of a step, times epsilon over the number of steps: the way from one side of the ball to the other, and more."""


class Attack(Protocol):
    """How: spectra_tune.design.Attack says it."""

    @property
    def norm(self) -> str: ...
    @property
    def epsilon(self) -> float: ...
    @property
    def steps(self) -> int: ...
    @property
    def restarts(self) -> int: ...


def strongest(
    module: Module, x_N: Tensor, target_N: Tensor, attack: Attack, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """The worst inputs that were seen, and whether the module was right on all of them, (samples,) bool.

    Seen are the samples themselves and every start and end point of a step. Of two the worse one is that on which the
    module is wrong, then that of the larger cross-entropy. No gradient of the module's parameters is touched.
    """
    worst_N = x_N.clone()
    with torch.no_grad():
        loss_N, wrong_N = _judged(module(x_N), target_N)
    for _ in range(attack.restarts):
        moved_N = _start(x_N, attack, generator)
        for step in range(attack.steps + 1):
            point_N = (x_N + moved_N).requires_grad_()
            outputs = module(point_N)
            found_N, fails_N = _judged(outputs.detach(), target_N)
            worse_N = (fails_N & ~wrong_N) | ((fails_N == wrong_N) & (found_N > loss_N))
            worst_N = torch.where(_wide(worse_N, x_N), point_N.detach(), worst_N)
            loss_N, wrong_N = torch.where(worse_N, found_N, loss_N), wrong_N | fails_N
            if step < attack.steps:
                (slope_N,) = torch.autograd.grad(_odds(outputs, target_N).sum(), point_N)
                length = STEP * attack.epsilon / attack.steps
                moved_N = _projected(moved_N + length * _direction(slope_N, attack.norm), attack)
    return worst_N, ~wrong_N


def _odds(outputs: Tensor, target_N: Tensor) -> Tensor:
    """Logarithm of the odds against each sample's class.

    The cross-entropy is its softplus, so that both rise in one direction; but of a network that is sure of its answer
    float32 rounds the cross-entropy's slope away, part by part, and what followed that would take loudness for
    robustness.
    """
    if outputs.shape[1] == 1:
        return outputs[:, 0] * (1 - 2 * target_N.to(outputs.dtype))
    right_N1 = outputs.gather(1, target_N[:, None])
    others = outputs.scatter(1, target_N[:, None], -torch.inf)
    return (others - right_N1).logsumexp(dim=1)


def _losses(outputs: Tensor, target_N: Tensor) -> Tensor:
    """Cross-entropy of each sample."""
    if outputs.shape[1] == 1:
        return binary_cross_entropy_with_logits(outputs[:, 0], target_N.to(outputs.dtype), reduction="none")
    return cross_entropy(outputs, target_N, reduction="none")


def _judged(outputs: Tensor, target_N: Tensor) -> tuple[Tensor, Tensor]:
    """Cross-entropy of each sample, and whether it is told wrongly; outputs that are not finite are wrong."""
    loss_N = _losses(outputs, target_N).nan_to_num(nan=torch.inf)
    return loss_N, (predicted(outputs) != target_N) | ~loss_N.isfinite()


def _start(x_N: Tensor, attack: Attack, generator: torch.Generator) -> Tensor:
    """Drawn evenly within the ball."""
    if attack.norm == "linf":
        drawn = torch.rand(x_N.shape, generator=generator, dtype=torch.float64) * 2 - 1
        return (attack.epsilon * drawn).to(x_N)
    drawn = torch.randn(x_N.shape, generator=generator, dtype=torch.float64)
    count = drawn[0].numel()
    radius_N = torch.rand(len(drawn), generator=generator, dtype=torch.float64) ** (1 / count)
    return (attack.epsilon * _wide(radius_N, drawn) * drawn / _wide(_norms(drawn), drawn)).to(x_N)


def _direction(slope_N: Tensor, norm: str) -> Tensor:
    """Of length 1 in the norm; 0 where the gradient is, or is not finite: nothing can be followed there."""
    slope_N = torch.where(_wide(slope_N.flatten(1).isfinite().all(dim=1), slope_N), slope_N, 0)
    if norm == "linf":
        return slope_N.sign()
    largest_N = _wide(slope_N.flatten(1).abs().amax(dim=1), slope_N)  # squares of small slopes would be 0
    scaled_N = torch.where(largest_N > 0, slope_N / largest_N, 0)
    length_N = _wide(_norms(scaled_N), scaled_N)
    return torch.where(length_N > 0, scaled_N / length_N, 0)


def _projected(moved_N: Tensor, attack: Attack) -> Tensor:
    """The nearest points of the ball."""
    if attack.norm == "linf":
        return moved_N.clamp(-attack.epsilon, attack.epsilon)
    length_N = _wide(_norms(moved_N), moved_N)
    return torch.where(length_N > attack.epsilon, moved_N * (attack.epsilon / length_N), moved_N)


def _norms(x_N: Tensor) -> Tensor:
    return x_N.flatten(1).norm(dim=1)


def _wide(value_N: Tensor, like: Tensor) -> Tensor:
    """A value of each sample with as many axes as the samples have."""
    return value_N.reshape(-1, *[1] * (like.ndim - 1))
