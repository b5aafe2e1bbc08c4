"""A trained network as it is kept: its weights and buffers, and a few samples that it takes. No code, no pickle."""

import io
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from dataclasses import replace
from typing import NamedTuple

import torch
from numpy import ndarray
from torch import Tensor
from torch.nn import Module

from spectra_tune.design import Member
from spectra_tune.engine.in_turn.buffers import put_buffers
from spectra_tune.engine.members.draws import Draw
from spectra_tune.engine.members.example import example
from spectra_tune.engine.members.other_generators import others_put_back
from spectra_tune.engine.members.parameters import built
from spectra_tune.engine.members.trainer import Trainer

EXAMPLE = 4
"""Samples that are kept with a network: the first of its seed's validation data. More than one, so that whoever traces
its graph can tell the axis of samples from one of length 1."""


@others_put_back()
def packed(trainer: Trainer, draw: Draw, signatures: set[str]) -> dict[str, bytes]:
    """Those of a trainer's members, by signature: files of `torch.save`, which `weights_only=True` reads."""
    slots = {one.signature: slot for slot, one in enumerate(trainer.members) if one.signature in signatures}
    states, passing = (trainer.states(), trainer.passing()) if slots else ([], [])
    task, found = trainer.condition.task, {}
    for signature, slot in slots.items():
        content = io.BytesIO()
        samples = draw("validation", trainer.members[slot].seed)
        parts = {"state": _own(states[slot]), "passing": _own(passing[slot])}
        torch.save(parts | {"example": example(task, samples.x[:EXAMPLE]).clone()}, content)
        found[signature] = content.getvalue()
    return found


def _own(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """On the processor and without their neighbours: a member's part of a stack would be saved with all of it."""
    return {name: value.detach().cpu().clone() for name, value in tensors.items()}


@contextmanager
def tracing() -> Iterator[None]:
    """Within, torch.export does not warn of the weights of recurrent layers, which it puts back as they were."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"The tensor attributes? self\.(\w+\.)*_flat_weights")
        yield


def check_traced(module: Module, samples: Tensor) -> None:
    """Raises what torch.export does where a module in evaluation mode cannot be written as a graph; prints nothing."""
    shapes = logging.getLogger("torch.fx.experimental.symbolic_shapes")
    before = shapes.level
    shapes.setLevel(logging.ERROR)
    try:
        with tracing(), redirect_stderr(io.StringIO()):  # to which torch prints the graph as far as it came
            graph = torch.export.export(module, (samples,), dynamic_shapes=[{0: torch.export.Dim.AUTO}])
            torch.export.save(graph, io.BytesIO())
    finally:
        shapes.setLevel(before)


class Unpacked(NamedTuple):
    """A trained network in evaluation mode, the samples that were kept with it, and what it makes of them."""

    module: Module
    samples: ndarray
    outputs: ndarray


@others_put_back()
def unpacked(content: bytes, member: Member, seed: int) -> Unpacked:
    """The network of a member's arm with the weights that were kept of a seed."""
    parts = torch.load(io.BytesIO(content), weights_only=True)
    module = built(replace(member, seed=seed)).float()
    module.load_state_dict(parts["state"])
    put_buffers(module, parts["passing"])
    module.eval().requires_grad_(requires_grad=False)
    with torch.no_grad():
        return Unpacked(module, parts["example"].numpy(), module(parts["example"]).numpy())
