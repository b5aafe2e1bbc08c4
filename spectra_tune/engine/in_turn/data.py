"""The data of members that train in turn, as tensors that all arms of a seed share."""

from typing import Any

import numpy
import torch
from torch import Tensor

from spectra_tune.engine.members.draws import Draw, Samples

KEPT = ("train", "validation")
"""Splits that stay in memory; test samples are needed once."""


class Data:
    """Inputs (samples, …) and targets of each split and seed, on a device, drawn and converted once.

    Bytes and tokens stay what they are: `numbers` makes of a batch what a module takes.
    """

    def __init__(self, task: Any, draw: Draw, device: str, dtype: torch.dtype):
        self._draw, self._device, self._dtype = draw, device, dtype
        self._tokens = getattr(task, "vocabulary", None) is not None
        self._kept: dict[int, tuple[Samples, Tensor, Tensor]] = {}

    def of(self, split: str, seed: int) -> tuple[Tensor, Tensor]:
        """Inputs and targets of a split for a seed."""
        samples = self._draw(split, seed)
        if id(samples) in self._kept:
            return self._kept[id(samples)][1:]
        found = self._inputs(samples), torch.tensor(samples.y, device=self._device)
        if split in KEPT:
            self._kept[id(samples)] = (samples, *found)
        return found

    def _inputs(self, samples: Samples) -> Tensor:
        if samples.x.dtype == numpy.uint8 or (self._tokens and samples.x.dtype == numpy.int64):
            return torch.tensor(samples.x, device=self._device)
        return torch.tensor(samples.numbers, dtype=self._dtype, device=self._device)

    def numbers(self, x: Tensor) -> Tensor:
        """Inputs as a module takes them: bytes as fractions of 255, all else as it is."""
        return x.to(self._dtype).div_(255) if x.dtype == torch.uint8 else x
