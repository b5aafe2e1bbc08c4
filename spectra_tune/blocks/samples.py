"""The data of a program's members, stacked and padded.

Axes: M member, F feature, N sample (a multiple of 16).
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy
import torch
from torch import Tensor

from spectra_tune.design import InvalidStudy

SAMPLE_MULTIPLE = 16
"""Padding the sample axis to this makes a member's bits independent of its company: no vectorised loop has a tail."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Samples:
    """What one task draws for one seed and split: x (samples, features) float64, y (samples,) int64."""

    x: numpy.ndarray
    y: numpy.ndarray

    def scores_of_constant(self, classes: int) -> dict[str, float]:
        """Scores of the best constant predictor of these samples, by measure."""
        shares = numpy.bincount(self.y, minlength=classes) / len(self.y)
        present = shares[shares > 0]
        return {
            "accuracy": float(shares.max()),
            "balanced_accuracy": 1 / len(present),
            "loss": float(-(present * numpy.log(present)).sum()),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """Samples of all members: x (members, features, samples), y and weight (members, samples).

    weight is 1/n for each of a member's n samples and 0 for padding: weighted sums are means.
    """

    x_MFN: Tensor
    y_MN: Tensor
    weight_MN: Tensor
    count: int  # n


def cached_draws(task: Any) -> Callable[[str, int], Samples]:
    """draw(split, seed), checked, and drawn once however many arms share it."""
    drawn: dict[tuple[str, int], Samples] = {}

    def draw(split: str, seed: int) -> Samples:
        if (split, seed) not in drawn:
            drawn[split, seed] = checked_draw(task, split, seed)
        return drawn[split, seed]

    return draw


def checked_draw(task: Any, split: str, seed: int) -> Samples:
    """One draw of a task; refuses data that no network can be trained on."""
    x, y = (numpy.asarray(array) for array in task.draw(split, seed))
    if x.ndim != 2 or y.shape != x.shape[:1]:
        raise InvalidStudy(f"{task} must draw x (samples, features) and y (samples,), got {x.shape} and {y.shape}")
    if not numpy.isfinite(x).all():
        raise InvalidStudy(f"{task} must draw finite data, got NaN or infinity in split {split!r}, seed {seed}")
    labels = y.astype(numpy.int64)
    if (labels != y).any() or labels.min() < 0 or labels.max() >= task.classes:
        raise InvalidStudy(f"{task} must draw labels 0 … {task.classes - 1}, got {y.min()} … {y.max()} in {split!r}")
    if len(numpy.unique(labels)) < 2:
        raise InvalidStudy(f"{task} must draw at least two classes, got one in split {split!r}, seed {seed}")
    return Samples(x=x.astype(numpy.float64), y=labels)


def stacked(samples: Sequence[Samples], device: str, dtype: torch.dtype) -> Stack:
    """The members' samples on a device, padded with zeros of weight 0."""
    count = len(samples[0].y)
    if any(len(one.y) != count for one in samples):
        raise InvalidStudy(f"a task must draw equally many samples for every seed, got {[len(s.y) for s in samples]}")
    padding = -count % SAMPLE_MULTIPLE
    x_MFN = numpy.stack([numpy.pad(one.x.T, ((0, 0), (0, padding))) for one in samples])
    y_MN = numpy.stack([numpy.pad(one.y, (0, padding)) for one in samples])
    weight_N = numpy.pad(numpy.full(count, 1 / count), (0, padding))
    return Stack(
        x_MFN=torch.tensor(x_MFN, dtype=dtype, device=device),
        y_MN=torch.tensor(y_MN, device=device),
        weight_MN=torch.tensor(weight_N, dtype=dtype, device=device).repeat(len(samples), 1),
        count=count,
    )


def batch_of(stack: Stack, order_MB: Tensor) -> Stack:
    """The samples that each member's order names, padded like a stack. order_MB: (members, batch)."""
    count = order_MB.shape[1]
    padding = -count % SAMPLE_MULTIPLE
    index_MB = torch.nn.functional.pad(order_MB, (0, padding))
    weight_MB = torch.full(index_MB.shape, 1 / count, dtype=stack.weight_MN.dtype, device=stack.weight_MN.device)
    weight_MB[:, count:] = 0
    x_MFB = stack.x_MFN.gather(2, index_MB[:, None, :].expand(-1, stack.x_MFN.shape[1], -1))
    return Stack(x_MFN=x_MFB, y_MN=stack.y_MN.gather(1, index_MB), weight_MN=weight_MB, count=count)


def digest_of(samples: Sequence[Samples]) -> str:
    """16 hex digits of sha256 over all the arrays."""
    seen = hashlib.sha256()
    for one in samples:
        seen.update(one.x.tobytes())
        seen.update(one.y.tobytes())
    return seen.hexdigest()[:16]
