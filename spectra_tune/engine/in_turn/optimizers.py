"""Real optimizers for one flat parameter, by the names that a Condition gives."""

from collections.abc import Callable

import torch
from torch.nn import Parameter
from torch.optim import Optimizer

MOMENTUM = 0.9

OPTIMIZERS: dict[str, Callable[[list[Parameter], float, float], Optimizer]] = {
    "adam": lambda values, rate, decay: torch.optim.Adam(values, lr=rate, weight_decay=decay, fused=True),
    "adamw": lambda values, rate, decay: torch.optim.AdamW(values, lr=rate, weight_decay=decay, fused=True),
    "sgd": lambda values, rate, decay: torch.optim.SGD(values, lr=rate, weight_decay=decay, momentum=MOMENTUM),
    "rmsprop": lambda values, rate, decay: torch.optim.RMSprop(values, lr=rate, weight_decay=decay),
}
"""(parameters, learning rate, weight decay) to the optimizer, with torch.optim's defaults otherwise."""
