"""Stacked optimizers: one elementwise step for all members, each with its own learning rate and weight decay.

The update rules and defaults are torch.optim's; theirs take one learning rate for all parameters. All tensors are flat
and of one length; `rate` and `decay` hold each number's own learning rate and weight decay.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from spectra_tune.engine.members.adam import put_change
from spectra_tune.engine.members.optimizer_defaults import EPSILON, MOMENTUM, SMOOTHING

State = dict[str, Tensor]
Step = Callable[[Tensor, Tensor, State, Tensor, Tensor | None, int], None]


def adam(value: Tensor, gradient: Tensor, state: State, rate: Tensor, decay: Tensor | None, number: int) -> None:
    """Adam with weight decay as a term of the gradient."""
    if decay is not None:
        gradient.addcmul_(decay, value)
    _adam(value, gradient, state, rate, number)


def adamw(value: Tensor, gradient: Tensor, state: State, rate: Tensor, decay: Tensor | None, number: int) -> None:
    """Adam with weight decay decoupled from the gradient."""
    if decay is not None:
        value.addcmul_(value, decay * rate, value=-1)
    _adam(value, gradient, state, rate, number)


def _adam(value: Tensor, gradient: Tensor, state: State, rate: Tensor, number: int) -> None:
    """number counts steps from 1."""
    factor = put_change(gradient, state, number)
    value.addcmul_(state["change"], rate, value=factor)


def sgd(value: Tensor, gradient: Tensor, state: State, rate: Tensor, decay: Tensor | None, number: int) -> None:  # noqa: ARG001, every optimizer takes number
    """Stochastic gradient descent with momentum."""
    if decay is not None:
        gradient.addcmul_(decay, value)
    state["mean"].mul_(MOMENTUM).add_(gradient)
    value.addcmul_(state["mean"], rate, value=-1)


def rmsprop(value: Tensor, gradient: Tensor, state: State, rate: Tensor, decay: Tensor | None, number: int) -> None:  # noqa: ARG001, every optimizer takes number
    """RMSprop, neither centred nor with momentum."""
    if decay is not None:
        gradient.addcmul_(decay, value)
    square, change = state["square"], state["change"]
    square.mul_(SMOOTHING).addcmul_(gradient, gradient, value=1 - SMOOTHING)
    torch.sqrt(square, out=change)
    change.add_(EPSILON)
    torch.div(gradient, change, out=change)
    value.addcmul_(change, rate, value=-1)


OPTIMIZERS: dict[str, tuple[Step, tuple[str, ...]]] = {
    "adam": (adam, ("mean", "square", "change")),
    "adamw": (adamw, ("mean", "square", "change")),
    "sgd": (sgd, ("mean",)),
    "rmsprop": (rmsprop, ("square", "change")),
}
"""Each optimizer's step and the tensors of its state, which start at 0; see members/muon.py for Muon."""
