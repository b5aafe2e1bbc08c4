"""What Adam moves numbers by: stacked members', and those that Muon leaves to AdamW."""

from math import sqrt

import torch
from torch import Tensor

from spectra_tune.engine.members.optimizer_defaults import BETAS, EPSILON


def put_change(gradient: Tensor, state: dict[str, Tensor], number: int) -> float:
    """Puts Adam's `change` for this gradient into the state; gives the factor of it and the rate in the number-th step.

    number counts steps from 1.
    """
    mean, square, change = state["mean"], state["square"], state["change"]
    mean.lerp_(gradient, 1 - BETAS[0])
    square.mul_(BETAS[1]).addcmul_(gradient, gradient, value=1 - BETAS[1])
    torch.sqrt(square, out=change)
    change.div_(sqrt(1 - BETAS[1] ** number)).add_(EPSILON)
    torch.div(mean, change, out=change)
    return -1 / (1 - BETAS[0] ** number)
