"""The data of members that train in turn, as tensors that all arms of a seed share."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy
import torch
from numpy import ndarray
from torch import Tensor

from spectra_tune.engine.members.draws import Draw, Samples, numbers_of
from spectra_tune.tasks.on_disk import MappedRows

KEPT = ("train", "validation")
"""Splits that stay in memory; test samples are needed once."""


class OnDisk:
    """Inputs that are read where they are needed: a batch by its places, or part after part, as of a tensor."""

    def __init__(self, rows: MappedRows, tensor: Callable[[ndarray], Tensor]):
        self._rows, self._tensor = rows, tensor

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, places: Tensor | slice) -> Tensor:
        return self._tensor(self._rows[places if isinstance(places, slice) else places.cpu().numpy()])

    def split(self, size: int) -> Iterator[Tensor]:
        return (self[start : start + size] for start in range(0, len(self), size))


class Data:
    """Inputs (samples, …) and targets of each split and seed, on a device, drawn and converted once.

    Bytes and tokens stay what they are: `numbers` makes of a batch what a module takes.
    """

    def __init__(self, task: Any, draw: Draw, device: str, dtype: torch.dtype):
        self._draw, self._device, self._dtype = draw, device, dtype
        self._tokens = getattr(task, "vocabulary", None) is not None
        self._kept: dict[int, tuple[Samples, Any, Tensor]] = {}
        self._phase: int | None = None

    def of(self, split: str, seed: int, phase: int | None = None) -> tuple[Any, Tensor]:
        """Inputs, a tensor or OnDisk, and targets of a split for a seed, of a curriculum in a phase."""
        if phase != self._phase:
            self._kept, self._phase = {}, phase
        samples = self._draw(split, seed, phase)
        if id(samples) in self._kept:
            return self._kept[id(samples)][1:]
        found = self._inputs(samples), torch.tensor(samples.y, device=self._device)
        if split in KEPT:
            self._kept[id(samples)] = (samples, *found)
        return found

    def _inputs(self, samples: Samples) -> Any:
        return OnDisk(samples.x, self._tensor) if isinstance(samples.x, MappedRows) else self._tensor(samples.x)

    def _tensor(self, x: ndarray) -> Tensor:
        if x.dtype == numpy.uint8 or (self._tokens and x.dtype == numpy.int64):
            return torch.tensor(x, device=self._device)
        return torch.tensor(numbers_of(x), dtype=self._dtype, device=self._device)

    def numbers(self, x: Tensor) -> Tensor:
        """Inputs as a module takes them: bytes as fractions of 255, all else as it is."""
        return x.to(self._dtype).div_(255) if x.dtype == torch.uint8 else x
