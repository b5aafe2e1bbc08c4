"""What a module in training reacts to: of one member, (1,) each.

Axes: N sample, H hidden unit.
"""

import itertools
from collections.abc import Callable
from typing import Any

import numpy
import torch
from numpy import ndarray
from torch import Tensor
from torch.nn import Module, ReLU

from spectra_tune.engine.in_turn.evaluation import outputs_over
from spectra_tune.engine.members.reactive_state import SLOPE_SAMPLES, SLOPE_STEP
from spectra_tune.errors import InvalidStudy
from spectra_tune.probes.hidden import Hidden, watched
from spectra_tune.randomness import derived_seed


class ModuleSignals:
    """Observations of one module. x: gives the training inputs of the moment; numbers: makes of some what it takes."""

    def __init__(
        self,
        module: Module,
        x: Callable[[], Any],
        numbers: Callable[[Tensor], Tensor],
        loss: Callable[[], float],
        sigmas: Callable[[], list[float]],
    ):
        self._module, self._x, self._numbers, self._loss, self._sigmas = module, x, numbers, loss, sigmas

    def loss(self) -> ndarray:
        return numpy.array([self._loss()])

    def spectral_norm(self) -> ndarray:
        return numpy.array([numpy.mean(self._sigmas())])

    def dead_share(self) -> ndarray:
        alive: dict[int, Tensor] = {}  # by place in a pass: one module may be many layers
        seen = itertools.count()

        def begin(_module: Module, _inputs: object) -> None:
            nonlocal seen
            seen = itertools.count()

        def see(hidden: Hidden) -> None:
            if isinstance(hidden.module, ReLU):
                positive_H, place = (hidden.units() > 0).any(dim=0), next(seen)
                alive[place] = alive[place] | positive_H if place in alive else positive_H

        if not any(isinstance(module, ReLU) for module in self._module.modules()):
            raise InvalidStudy(
                "schedule 'dead_units' needs a network of rectified units, and sees those of modules torch.nn.ReLU; "
                f"{type(self._module).__name__} has none: choose another schedule"
            )
        first = self._module.register_forward_pre_hook(begin)
        try:
            with watched(self._module, see):
                outputs_over(self._module, self._x(), self._numbers)
        finally:
            first.remove()
        found_H = torch.cat(list(alive.values()))
        return numpy.array([1.0 - float(found_H.double().mean())])

    def sensitivity(self) -> ndarray:
        x = self._numbers(self._x()[:SLOPE_SAMPLES])
        if not x.is_floating_point():
            raise InvalidStudy("schedule 'sensitivity' needs inputs that are numbers, got tokens: choose another one")
        generator = torch.Generator().manual_seed(derived_seed(0, "probe", "slope"))
        direction = torch.randn(len(x), x[0].numel(), generator=generator, dtype=torch.float64)
        direction /= direction.norm(dim=1, keepdim=True)
        moved = x + SLOPE_STEP * direction.view(x.shape).to(x)
        there, here = (outputs_over(self._module, at, self._numbers) for at in (moved, x))
        rise = (there - here).double().cpu().numpy()
        return numpy.sqrt([((rise / SLOPE_STEP) ** 2).sum() / len(x) * direction.shape[1]])
