"""Regression: the mean squared error is made small; a constant predicts the mean.

Axes: M member, O output, N sample, S sum.
"""

from collections.abc import Sequence
from typing import Any

import numpy
import torch
from numpy import ndarray
from torch import Tensor

from spectra_tune.called import called
from spectra_tune.errors import InvalidStudy
from spectra_tune.objectives import objective_of
from spectra_tune.operators.batched_matmul import multiply


def checked(target: ndarray, task: Any, where: str) -> ndarray:
    """Targets (samples, outputs) float64: finite numbers that are not all the same."""
    columns, wanted = target.reshape(len(target), -1), objective_of(task).outputs(task)
    if target.dtype.kind not in "fiu" or columns.shape[1] != wanted:
        raise InvalidStudy(
            f"{called(task)} must draw numbers y (samples,) or (samples, {wanted}), got {target.shape} of "
            f"{target.dtype} in {where}"
        )
    if not (numpy.abs(columns) <= numpy.finfo(numpy.float32).max).all():
        raise InvalidStudy(
            f"{called(task)} must draw finite targets that single precision holds, got others in {where}"
        )
    if (columns == columns[0]).all():
        raise InvalidStudy(f"{called(task)} must draw targets that differ, all are {columns[0].tolist()} in {where}")
    return columns.astype(numpy.float64)


def loss(outputs: Tensor, target: Tensor) -> Tensor:
    """Mean squared error over samples and outputs."""
    return torch.nn.functional.mse_loss(outputs, target.to(outputs.dtype))


def scores(outputs: Tensor, target: Tensor) -> dict[str, float]:
    """Mean squared error, and the share of the targets' variance that is explained."""
    error = float(loss(outputs.double(), target.double()))
    return {"mse": error, "r2": 1 - error / _variance(target.double().cpu().numpy())}


def scores_of_constant(target: ndarray) -> dict[str, float]:
    """Of the mean of these targets."""
    return {"mse": _variance(target), "r2": 0.0}


def _variance(target: ndarray) -> float:
    """Mean squared distance from the mean, over samples and outputs."""
    return float(numpy.square(target - target.mean(axis=0)).mean())


class Stacked:
    """Targets of all members, padded along the samples; members that share their data share its memory.

    targets: (samples, outputs) each, of every member or, where all are equal, of one. target: (members, outputs,
    samples).
    """

    def __init__(self, targets: Sequence[ndarray], weight_N: Tensor, *, members: int, outputs: int):
        count, length = len(targets[0]), len(weight_N)
        target_MON = numpy.stack([numpy.pad(one, ((0, length - count), (0, 0))).T for one in targets])
        assert target_MON.shape[1] == outputs
        shape = (members, *target_MON.shape[1:])
        self.target = torch.tensor(target_MON, dtype=weight_N.dtype, device=weight_N.device).expand(shape)
        self._weight_MN1 = weight_N[None, :, None].expand(members, -1, -1)
        self._variance_M = numpy.broadcast_to([_variance(one) for one in targets], (members,))

    @staticmethod
    def to_error_(outputs_MON: Tensor, target_MON: Tensor, weight_N: Tensor) -> None:
        """Turns outputs into the derivative of each member's mean squared error by them."""
        outputs_MON.sub_(target_MON).mul_(weight_N).mul_(2 / outputs_MON.shape[1])

    def sums(self, outputs_MON: Tensor, part: slice) -> ndarray:
        """Weighted sums (members, outputs, 1) of squared errors over a part of the samples, float64."""
        error_MON = (outputs_MON - self.target[:, :, part]).square_()
        return multiply(error_MON, self._weight_MN1[:, part]).double().cpu().numpy()

    def scores(self, sums_MO1: ndarray) -> dict[str, ndarray]:
        """Every metric of each member, float64 (members,); the sums are those of all samples."""
        error_M = sums_MO1[:, :, 0].mean(axis=1)
        return {"mse": error_M, "r2": 1 - error_M / self._variance_M}
