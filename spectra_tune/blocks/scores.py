"""Cross-entropy of stacked logits, its derivative, and the scores of predictions.

Axes: M member, O output, N sample.
"""

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from spectra_tune.blocks.samples import Stack


def cross_entropy_error(logits_MON: Tensor, stack: Stack) -> Tensor:
    """Derivative of each member's mean cross-entropy by its logits (members, outputs, samples)."""
    if logits_MON.shape[1] == 1:
        error_MN = (logits_MON.squeeze(1).sigmoid() - stack.y_MN) * stack.weight_MN
        return error_MN.unsqueeze(1)
    target_MON = one_hot(stack.y_MN, logits_MON.shape[1]).transpose(1, 2)
    return (logits_MON.softmax(dim=1) - target_MON) * stack.weight_MN.unsqueeze(1)


def cross_entropy(logits_MON: Tensor, y_MN: Tensor, weight_MN: Tensor) -> Tensor:
    """Each member's mean cross-entropy (members,), in nats; one output is the logit of class 1."""
    if logits_MON.shape[1] == 1:
        logit_MN = logits_MON.squeeze(1)
        loss_MN = torch.nn.functional.softplus(logit_MN) - logit_MN * y_MN
    else:
        loss_MN = torch.logsumexp(logits_MON, dim=1) - logits_MON.gather(1, y_MN.unsqueeze(1)).squeeze(1)
    return (loss_MN * weight_MN).sum(dim=1)


def scores(logits_MON: Tensor, stack: Stack, classes: int) -> dict[str, Tensor]:
    """Accuracy, balanced accuracy (mean recall of the classes present) and loss of each member, float64."""
    kept_MON = logits_MON[:, :, : stack.count].double()
    y_MN = stack.y_MN[:, : stack.count]
    predicted_MN = (kept_MON.squeeze(1) > 0).long() if kept_MON.shape[1] == 1 else kept_MON.argmax(dim=1)
    correct_MN = predicted_MN == y_MN
    recalls = []
    for label in range(classes):
        of_class_MN = y_MN == label
        recalls.append((correct_MN & of_class_MN).sum(dim=1) / of_class_MN.sum(dim=1))
    return {
        "accuracy": correct_MN.sum(dim=1).double() / stack.count,
        "balanced_accuracy": torch.stack(recalls).double().nanmean(dim=0),
        "loss": cross_entropy(kept_MON, y_MN, torch.full_like(y_MN, 1, dtype=torch.float64)) / stack.count,
    }
