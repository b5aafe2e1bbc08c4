"""The data of a program's members, stacked and padded.

Axes: M member, F feature, J feature and one more, N sample (a multiple of 32), B sample of a batch (likewise), C class,
K class and one more.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy
import torch
from torch import Tensor

from spectra_tune.design import InvalidStudy

SAMPLE_MULTIPLE = 32
"""Padding the sample axis to this makes a member's bits independent of its company: no vectorised loop has a tail."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Samples:
    """What one task draws for one seed and split: x (samples, features) float64, y (samples,) int64."""

    x: numpy.ndarray
    y: numpy.ndarray
    classes: int
    digest: str = field(init=False)  # sha256 (hex) of the arrays
    scores_of_constant: dict[str, float] = field(init=False)  # of the best constant predictor, by measure

    def __post_init__(self):
        shares = numpy.bincount(self.y, minlength=self.classes) / len(self.y)
        present = shares[shares > 0]
        scores = {
            "accuracy": float(shares.max()),
            "balanced_accuracy": 1 / len(present),
            "loss": float(-(present * numpy.log(present)).sum()),
        }
        object.__setattr__(self, "scores_of_constant", scores)
        object.__setattr__(self, "digest", hashlib.sha256(self.x.tobytes() + self.y.tobytes()).hexdigest())


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """Samples of all members.

    x_MJN: features and a last row of ones; members that share their data share its memory. label_MN: the class, as an
    index or, of two classes, as a number. weight_N: 1/n for each of the n samples, 0 for padding: weighted sums are
    means. of_class_MNK: for each class 1 where a sample is of it, else 0, and then weight_N; in_class_MC: samples.
    """

    x_MJN: Tensor
    label_MN: Tensor
    weight_N: Tensor
    of_class_MNK: Tensor
    in_class_MC: numpy.ndarray
    count: int  # n


def cached_draws(task: Any) -> Callable[[str, int], Samples]:
    """draw(split, seed), checked, and drawn once however many arms, or seeds, share it."""
    drawn: dict[tuple[str, int | None], Samples] = {}
    fixed = bool(getattr(task, "fixed", False))

    def draw(split: str, seed: int) -> Samples:
        key = (split, None if fixed else seed)
        if key not in drawn:
            drawn[key] = checked_draw(task, split, seed)
        return drawn[key]

    return draw


def checked_draw(task: Any, split: str, seed: int) -> Samples:
    """One draw of a task; refuses data that no network can be trained on."""
    try:
        x, y = (numpy.asarray(array) for array in task.draw(split, seed))
    except TypeError as error:
        raise InvalidStudy(f"{task} must draw a pair of arrays x, y, got in split {split!r}: {error}") from None
    if x.dtype.kind not in "fiu" or y.dtype.kind not in "fiub":
        raise InvalidStudy(f"{task} must draw numbers and class labels, got arrays of {x.dtype} and {y.dtype}")
    if x.ndim != 2 or y.shape != x.shape[:1]:
        raise InvalidStudy(f"{task} must draw x (samples, features) and y (samples,), got {x.shape} and {y.shape}")
    features = getattr(task, "features", x.shape[1])
    if len(x) == 0 or x.shape[1] != features:
        raise InvalidStudy(f"{task} must draw samples of {features} features, got {x.shape} in split {split!r}")
    if not (numpy.abs(x) <= numpy.finfo(numpy.float32).max).all() or not numpy.isfinite(y).all():
        raise InvalidStudy(
            f"{task} must draw finite data that single precision holds, got others in split {split!r}, seed {seed}"
        )
    labels = y.astype(numpy.int64)
    if (labels != y).any() or labels.min() < 0 or labels.max() >= task.classes:
        raise InvalidStudy(f"{task} must draw labels 0 … {task.classes - 1}, got {y.min()} … {y.max()} in {split!r}")
    if len(numpy.unique(labels)) < 2:
        raise InvalidStudy(f"{task} must draw at least two classes, got one in split {split!r}, seed {seed}")
    return Samples(x=x.astype(numpy.float64), y=labels, classes=task.classes)


def stacked(samples: Sequence[Samples], device: str, dtype: torch.dtype) -> Stack:
    """The members' samples on a device, padded with points of weight 0."""
    count, classes = len(samples[0].y), samples[0].classes
    if any(len(one.y) != count for one in samples):
        raise InvalidStudy(f"a task must draw equally many samples for every seed, got {[len(s.y) for s in samples]}")
    distinct = samples[:1] if all(one is samples[0] for one in samples) else samples
    padding = -count % SAMPLE_MULTIPLE
    x_MJN = numpy.zeros((len(distinct), distinct[0].x.shape[1] + 1, count + padding))
    of_class_MNK = numpy.zeros((len(distinct), count + padding, classes + 1))
    for number, one in enumerate(distinct):
        x_MJN[number, :-1, :count] = one.x.T
        of_class_MNK[number, numpy.arange(count), one.y] = 1
    x_MJN[:, -1] = 1
    of_class_MNK[:, :count, classes] = 1 / count
    label_MN = numpy.stack([numpy.pad(one.y, (0, padding)) for one in distinct])

    def shared(array: numpy.ndarray, dtype: torch.dtype) -> Tensor:
        return torch.tensor(array, dtype=dtype, device=device).expand(len(samples), *array.shape[1:])

    return Stack(
        x_MJN=shared(x_MJN, dtype),
        label_MN=shared(label_MN, torch.int64 if classes > 2 else dtype),
        weight_N=torch.tensor(of_class_MNK[0, :, classes], dtype=dtype, device=device),
        of_class_MNK=shared(of_class_MNK, dtype),
        in_class_MC=numpy.broadcast_to(of_class_MNK[:, :, :classes].sum(axis=1), (len(samples), classes)),
        count=count,
    )


def batches_of(stack: Stack, order_MN: Tensor, size: int) -> tuple[Tensor, Tensor]:
    """An epoch's batches, padded like a stack: x (batches, members, J, B) and labels (batches, members, B).

    order_MN: each member's order of all its n samples. The last batch has what is left; the places after it repeat the
    member's first sample, and their weight must be 0.
    """
    members, count = order_MN.shape
    batches = -(-count // size)
    index_MN = torch.nn.functional.pad(order_MN, (0, batches * size - count))
    index_MTB = torch.nn.functional.pad(index_MN.view(members, batches, size), (0, -size % SAMPLE_MULTIPLE))
    index_MN = index_MTB.reshape(members, -1)
    features = stack.x_MJN.shape[1]
    x_MJN = stack.x_MJN.gather(2, index_MN[:, None, :].expand(-1, features, -1))
    x_TMJB = x_MJN.view(members, features, batches, -1).permute(2, 0, 1, 3).contiguous()
    label_TMB = stack.label_MN.gather(1, index_MN).view(members, batches, -1).permute(1, 0, 2).contiguous()
    return x_TMJB, label_TMB


def weights_of_batch(count: int, size: int, device: str, dtype: torch.dtype) -> Tensor:
    """Weights (B,) of a batch of `count` samples, which has room for `size`: their sum is 1."""
    weight_B = torch.zeros(size + -size % SAMPLE_MULTIPLE, dtype=dtype, device=device)
    weight_B[:count] = 1 / count
    return weight_B


def digest_of(samples: Sequence[Samples]) -> str:
    """16 hex digits of sha256 over all the draws."""
    return hashlib.sha256("".join(one.digest for one in samples).encode()).hexdigest()[:16]
