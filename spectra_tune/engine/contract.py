"""What a network of the user's own must keep to before it is trained: refused by name otherwise."""

from typing import Any

import torch
from torch import Tensor

from spectra_tune.design import InvalidStudy
from spectra_tune.networks import outputs_for

TOLERANCE = 1e-3
"""Relative, of a sample's logits alone and among others."""


def check_network(network: Any, parameters: dict[str, Tensor], x_NF: Tensor, classes: int) -> None:
    """Refuses a network whose parameters, regularized names or logits are not what the engine can batch.

    x_NF: some of its samples, two or more. A sample's logits may depend on nothing but the sample: data are padded.
    """
    name, wanted = type(network).__name__, outputs_for(classes)
    for key, value in parameters.items():
        if not isinstance(value, Tensor) or value.requires_grad:
            raise InvalidStudy(f"{name}.init must give plain tensors without gradients, {key!r} is not")
    for key in network.regularized:
        if key not in parameters:
            raise InvalidStudy(f"{name} regularizes {key!r}, which its init lacks; it has {', '.join(parameters)}")
        if parameters[key].ndim != 2:
            raise InvalidStudy(
                f"a regularized weight must be (out, in), {name}'s {key!r} has shape {tuple(parameters[key].shape)}"
            )
    if hasattr(network, "stacked") and not hasattr(network, "cells"):
        raise InvalidStudy(f"{name} has stacked passes: it must have cells, too, the numbers a sample takes in them")
    try:
        with torch.no_grad():
            together, alone = network.forward(parameters, x_NF), network.forward(parameters, x_NF[:1])
    except Exception as error:  # anything that a user's forward may raise
        message = " ".join(str(error).split())
        raise InvalidStudy(
            f"{name}.forward must take x (samples, features), got {error.__class__.__name__}: {message}"
        ) from error
    if tuple(together.shape) != (len(x_NF), wanted):
        raise InvalidStudy(
            f"{name}.forward must give logits (samples, {wanted}) for {classes} classes, got {tuple(together.shape)} "
            f"of {len(x_NF)} samples"
        )
    close = torch.isclose(together[:1], alone, rtol=TOLERANCE, atol=TOLERANCE * float(together.abs().max()))
    if torch.isfinite(together).all() and not close.all():
        raise InvalidStudy(
            f"{name}.forward must treat each sample by itself: its logits depend on what it is batched with"
        )
