"""Classification: the mean cross-entropy is made small; two classes have one output, the logit of class 1.

Axes: M member, O output, N sample, C class, K class and one more.
"""

from collections.abc import Sequence
from typing import Any

import numpy
import torch
from numpy import ndarray
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy, one_hot, softplus

from spectra_tune.called import called
from spectra_tune.errors import InvalidStudy
from spectra_tune.operators.batched_matmul import multiply


def checked(target: ndarray, task: Any, where: str) -> ndarray:
    """Labels (samples,) int64, 0 … classes - 1, of two classes or more."""
    if target.dtype.kind not in "fiub":
        raise InvalidStudy(
            f"{called(task)} must draw class labels, whole numbers 0 … {task.classes - 1}, got an array of "
            f"{target.dtype} with {str(target.flat[0])!r} in {where}: number the classes"
        )
    if target.ndim != 1:
        raise InvalidStudy(f"{called(task)} must draw labels y (samples,), got {target.shape} in {where}")
    if not numpy.isfinite(target).all():
        raise InvalidStudy(f"{called(task)} must draw finite labels, got others in {where}")
    labels = target.astype(numpy.int64)
    if (labels != target).any() or labels.min() < 0 or labels.max() >= task.classes:
        raise InvalidStudy(
            f"{called(task)} must draw labels 0 … {task.classes - 1}, got {target.min()} … {target.max()} in {where}"
        )
    if len(numpy.unique(labels)) < 2:
        raise InvalidStudy(f"{called(task)} must draw at least two classes, got one in {where}")
    return labels


def loss(outputs: Tensor, target: Tensor) -> Tensor:
    """Mean cross-entropy in nats."""
    if outputs.shape[1] == 1:
        return binary_cross_entropy_with_logits(outputs[:, 0], target.to(outputs.dtype))
    return cross_entropy(outputs, target)


def predicted(outputs: Tensor) -> Tensor:
    """The class (samples,) int64 that each sample's outputs say."""
    return (outputs[:, 0] > 0).long() if outputs.shape[1] == 1 else outputs.argmax(dim=1)


def scores(outputs: Tensor, target: Tensor) -> dict[str, float]:
    """Accuracy, balanced accuracy (mean recall of the classes present) and mean cross-entropy."""
    right = predicted(outputs) == target
    counts = torch.bincount(target)
    hits = torch.bincount(target, weights=right.double())
    present = counts > 0
    return {
        "accuracy": float(hits.sum() / counts.sum()),
        "balanced_accuracy": float((hits[present] / counts[present]).mean()),
        "loss": float(loss(outputs.double(), target)),
    }


def scores_of_constant(target: ndarray) -> dict[str, float]:
    """Of the largest class, and for the loss of the classes' shares."""
    shares = numpy.bincount(target) / len(target)
    present = shares[shares > 0]
    return {
        "accuracy": float(shares.max()),
        "balanced_accuracy": 1 / len(present),
        "loss": float(-(present * numpy.log(present)).sum()),
    }


class Stacked:
    """Labels of all members, padded along the samples; members that share their data share its memory.

    targets: (samples,) each, of every member or, where all are equal, of one. target (members, samples): the class, as
    an index or, of two classes, as a number.
    """

    def __init__(
        self,
        targets: Sequence[ndarray],
        weight_N: Tensor,
        *,
        members: int,
        outputs: int,
    ):
        count, length = len(targets[0]), len(weight_N)
        classes = 2 if outputs == 1 else outputs
        of_class_MNK = numpy.zeros((len(targets), length, classes + 1))
        for number, one in enumerate(targets):
            of_class_MNK[number, numpy.arange(count), one] = 1
        in_class_MC = of_class_MNK[:, :, :classes].sum(axis=1)
        of_class_MNK[:, :count, classes] = 1 / count
        label_MN = numpy.stack([numpy.pad(one, (0, length - count)) for one in targets])

        def shared(array: ndarray, dtype: torch.dtype) -> Tensor:
            return torch.tensor(array, dtype=dtype, device=weight_N.device).expand(members, *array.shape[1:])

        self._count = count
        self.target = shared(label_MN, torch.int64 if classes > 2 else weight_N.dtype)
        # For each class 1 where a sample is of it, else 0, and then the samples' weights.
        self._of_class_MNK = shared(of_class_MNK, weight_N.dtype)
        self._in_class_MC = numpy.broadcast_to(in_class_MC, (members, classes))

    @staticmethod
    def to_error_(logits_MON: Tensor, target_MN: Tensor, weight_N: Tensor) -> None:
        """Turns logits into the derivative of each member's mean cross-entropy by them."""
        if logits_MON.shape[1] == 1:
            logits_MON.sigmoid_().sub_(target_MN.unsqueeze(1))
        else:
            wanted_MON = one_hot(target_MN, logits_MON.shape[1]).transpose(1, 2)
            logits_MON.copy_(logits_MON.softmax(dim=1).sub_(wanted_MON))
        logits_MON.mul_(weight_N)

    @staticmethod
    def hits(logits_MON: Tensor, target_MN: Tensor, weight_N: Tensor) -> Tensor:
        """How many samples of a batch each member has right (members,) int64; places of weight 0 do not count."""
        right_MN = (
            (logits_MON.squeeze(1) > 0) == (target_MN > 0)
            if logits_MON.shape[1] == 1
            else logits_MON.argmax(dim=1) == target_MN
        )
        return (right_MN & (weight_N > 0)).sum(dim=1)

    def sums(self, logits_MON: Tensor, part: slice) -> ndarray:
        """Sums (members, 2, classes + 1) over a part of the samples, float64.

        [:, 0, c]: samples of class c that are predicted rightly, of two classes those predicted to be 1. [:, 1, -1]:
        mean cross-entropy in nats.
        """
        label_MN = self.target[:, part]
        each_M2N = logits_MON.new_empty(len(logits_MON), 2, logits_MON.shape[2])
        if logits_MON.shape[1] == 1:
            logit_MN = logits_MON.squeeze(1)
            torch.sign(logit_MN, out=each_M2N[:, 0])
            each_M2N[:, 0].clamp_(min=0)
            sign_MN = 1 - 2 * (label_MN[:1] if label_MN.stride(0) == 0 else label_MN)
            each_M2N[:, 1] = softplus(logit_MN * sign_MN)
        else:
            each_M2N[:, 0] = logits_MON.argmax(dim=1) == label_MN
            each_M2N[:, 1] = torch.logsumexp(logits_MON, dim=1) - logits_MON.gather(1, label_MN.unsqueeze(1)).squeeze(1)
        return multiply(each_M2N, self._of_class_MNK[:, part]).double().cpu().numpy()

    def scores(self, sums_M2K: ndarray) -> dict[str, ndarray]:
        """Every metric of each member, float64 (members,); the sums are those of all samples."""
        right_MC = sums_M2K[:, 0, :-1]
        if right_MC.shape[1] == 2:
            right_MC = numpy.stack((self._in_class_MC[:, 0] - right_MC[:, 0], right_MC[:, 1]), axis=1)
        present_MC = self._in_class_MC > 0
        recall_MC = right_MC / numpy.where(present_MC, self._in_class_MC, 1)
        return {
            "accuracy": right_MC.sum(axis=1) / self._count,
            "balanced_accuracy": numpy.where(present_MC, recall_MC, 0).sum(axis=1) / present_MC.sum(axis=1),
            "loss": sums_M2K[:, 1, -1],
        }
