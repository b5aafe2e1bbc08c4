"""What a program's members react to, observed as they train.

Axes: M member, J feature and one more, O output, H hidden unit, N sample.
"""

from typing import Any

import numpy
import torch
from torch import Tensor

from spectra_tune.engine.members.reactive_state import SLOPE_SAMPLES, SLOPE_STEP
from spectra_tune.engine.stacked.evaluation import Evaluation
from spectra_tune.engine.stacked.stack import SAMPLE_MULTIPLE
from spectra_tune.errors import InvalidStudy
from spectra_tune.objectives import objective_of
from spectra_tune.randomness import derived_seed


class StackedSignals:
    """Observations of all members of a program; of one that is padded, of its padding, too."""

    def __init__(self, evaluation: Evaluation, condition: Any, sigmas: Any):
        """sigmas: gives each regularized weight's spectral norms (members,), layer by layer."""
        self._evaluation, self._condition, self._sigmas = evaluation, condition, sigmas

    def loss(self) -> numpy.ndarray:
        return self._evaluation.scores("train")[objective_of(self._condition.task).loss.name]

    def spectral_norm(self) -> numpy.ndarray:
        return numpy.mean(self._sigmas(), axis=0)

    def dead_share(self) -> numpy.ndarray:
        count = self._evaluation.stack("train").count
        alive: list[Tensor] = []
        for part, passes in self._evaluation.tiles("train"):
            if self._condition.network.stacked(self._condition.task).activation != "relu":
                raise InvalidStudy(
                    f"schedule 'dead_units' needs a network of rectified units, {self._condition.network!r} is none: "
                    "choose another schedule"
                )
            whole = min(part.stop, count) - part.start
            positive = [(hidden_MHN[:, :, :whole] > 0).any(dim=2) for hidden_MHN in passes.hidden]
            alive = [one | other for one, other in zip(alive, positive, strict=True)] if alive else positive
        units_MH = torch.cat(alive, dim=1).double()
        return 1.0 - (units_MH.sum(dim=1) / units_MH.shape[1]).cpu().numpy()

    def sensitivity(self) -> numpy.ndarray:
        stack = self._evaluation.stack("train")
        count = min(stack.count, SLOPE_SAMPLES)
        x_MJN = stack.x_MJN[:, :, : count + -count % SAMPLE_MULTIPLE]
        generator = torch.Generator().manual_seed(derived_seed(0, "probe", "slope"))
        direction_FN = torch.randn(x_MJN.shape[1] - 1, x_MJN.shape[2], generator=generator, dtype=torch.float64)
        direction_FN /= direction_FN.norm(dim=0)
        moved_MJN = x_MJN.clone(memory_format=torch.contiguous_format)
        moved_MJN[:, :-1] += SLOPE_STEP * direction_FN.to(x_MJN)
        rise_MON = self._evaluation.outputs(moved_MJN) - self._evaluation.outputs(x_MJN)
        slope_MN = (rise_MON[:, :, :count].double().cpu().numpy() / SLOPE_STEP).reshape(len(rise_MON), -1)
        return numpy.sqrt((slope_MN**2).sum(axis=1) / count * len(direction_FN))
