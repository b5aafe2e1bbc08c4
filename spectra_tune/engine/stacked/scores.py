"""Cross-entropy of stacked logits, its derivative, and the scores of predictions.

Axes: M member, O output, N sample, C class.
"""

import numpy
import torch
from torch import Tensor
from torch.nn.functional import one_hot, softplus

from spectra_tune.engine.samples import Stack
from spectra_tune.operators.batched_matmul import multiply


def to_error_(logits_MON: Tensor, label_MN: Tensor, weight_N: Tensor) -> None:
    """Turns logits into the derivative of each member's mean cross-entropy by them."""
    if logits_MON.shape[1] == 1:
        logits_MON.sigmoid_().sub_(label_MN.unsqueeze(1))
    else:
        target_MON = one_hot(label_MN, logits_MON.shape[1]).transpose(1, 2)
        logits_MON.copy_(logits_MON.softmax(dim=1).sub_(target_MON))
    logits_MON.mul_(weight_N)


def sums(logits_MON: Tensor, stack: Stack, part: slice) -> numpy.ndarray:
    """Sums (members, 2, classes + 1) over a part of the samples, float64.

    [:, 0, c]: samples of class c that are predicted rightly, of two classes those predicted to be 1. [:, 1, -1]: mean
    cross-entropy in nats. One output is the logit of class 1.
    """
    label_MN = stack.label_MN[:, part]
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
    return multiply(each_M2N, stack.of_class_MNK[:, part]).double().cpu().numpy()


def scores(sums_M2K: numpy.ndarray, stack: Stack) -> dict[str, numpy.ndarray]:
    """Accuracy, balanced accuracy (mean recall of the classes present) and loss of each member, float64 (members,).

    sums_M2K: of all samples of the stack.
    """
    right_MC = sums_M2K[:, 0, :-1]
    if right_MC.shape[1] == 2:
        right_MC = numpy.stack((stack.in_class_MC[:, 0] - right_MC[:, 0], right_MC[:, 1]), axis=1)
    present_MC = stack.in_class_MC > 0
    recall_MC = right_MC / numpy.where(present_MC, stack.in_class_MC, 1)
    return {
        "accuracy": right_MC.sum(axis=1) / stack.count,
        "balanced_accuracy": numpy.where(present_MC, recall_MC, 0).sum(axis=1) / present_MC.sum(axis=1),
        "loss": sums_M2K[:, 1, -1],
    }
