"""What a probe gets and what it gives: trained members with a fixed probe set, and a number or a reason for each.

Axes: M member, N probe point, F feature.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy
import torch
from torch import Tensor

from spectra_tune.errors import InvalidStudy

NOT_FINITE = "its parameters are not all finite"
OVERFLOWS = "it overflows double precision"


def not_computed(members: int, reason: str) -> "ProbeResult":
    """A reading of no member, all for one reason."""
    return ProbeResult(values=numpy.full(members, numpy.nan), reasons=(reason,) * members)


def each_member(
    probed: "ProbeInput", quantities: Sequence[str], measure: Callable[[int], Mapping[str, float | str]]
) -> "dict[str, ProbeResult]":
    """Results of what `measure` gives for the number of a member: of each quantity a value, or the reason for none.

    A member whose parameters are not finite is not measured; a value that is not finite has overflowed; where torch
    raises, what it says is the reason. Members go one by one, so that the bits of one depend on no other.
    """
    found = [_measured(probed, quantities, measure, member) for member in range(probed.members)]
    return {quantity: _reading([one[quantity] for one in found]) for quantity in quantities}


def _measured(
    probed: "ProbeInput", quantities: Sequence[str], measure: Callable[[int], Mapping[str, float | str]], member: int
) -> Mapping[str, float | str]:
    if not all(bool(value[member].isfinite().all()) for value in probed.parameters.values()):
        return dict.fromkeys(quantities, NOT_FINITE)
    try:
        return measure(member)
    except RuntimeError as error:
        return dict.fromkeys(quantities, said_by_torch(error))


def said_by_torch(error: RuntimeError) -> str:
    """The reason where torch could not compute; a lack of memory is none, since another try may succeed."""
    if isinstance(error, torch.OutOfMemoryError):
        raise error
    return f"torch in double precision: {' '.join(str(error).split())}"


def _reading(found: Sequence[float | str]) -> "ProbeResult":
    values = numpy.array([numpy.nan if isinstance(one, str) else one for one in found], dtype=numpy.float64)
    values[numpy.isinf(values)] = numpy.nan
    reasons = (one if isinstance(one, str) else OVERFLOWS for one in found)
    return ProbeResult(
        values=values,
        reasons=tuple(reason if gone else None for reason, gone in zip(reasons, numpy.isnan(values), strict=True)),
    )


def _of_member(stacked: dict[str, Tensor], number: int) -> dict[str, Tensor]:
    return {name: value[number].detach().to(torch.float64) for name, value in stacked.items()}


@dataclass(frozen=True, kw_only=True)
class ProbeInput:
    """Trained members of one architecture and a probe set that they all share.

    network: with forward(parameters, x) for one member, and regularized. parameters, initial: (members, …) by name, at
    the end and at the start of training. low_F, high_F: bounds of the task's data.
    """

    network: Any
    parameters: dict[str, Tensor]
    initial: dict[str, Tensor]
    x_NF: Tensor
    label_N: Tensor  # int64
    classes: int
    low_F: numpy.ndarray
    high_F: numpy.ndarray
    kept: dict[Any, Any] = field(init=False, repr=False, default_factory=dict)  # what several probes need

    def __post_init__(self):
        shapes, before = ({n: tuple(v.shape) for n, v in of.items()} for of in (self.parameters, self.initial))
        if shapes != before:
            raise InvalidStudy(f"parameters and initial must have equal names and shapes, got {shapes} and {before}")
        if self.x_NF.ndim != 2 or self.label_N.shape != self.x_NF.shape[:1]:
            raise InvalidStudy(
                f"x_NF must be (points, features) and label_N (points,), got {tuple(self.x_NF.shape)} and "
                f"{tuple(self.label_N.shape)}"
            )

    @property
    def members(self) -> int:
        return len(next(iter(self.parameters.values())))

    @property
    def points_NF(self) -> Tensor:
        """The probe set in float64."""
        return self.x_NF.detach().to(torch.float64)

    def member(self, number: int) -> dict[str, Tensor]:
        """One member's parameters in float64, without gradients."""
        return _of_member(self.parameters, number)

    def start(self, number: int) -> dict[str, Tensor]:
        """What one member's parameters were at first, likewise."""
        return _of_member(self.initial, number)


@dataclass(frozen=True, kw_only=True)
class ProbeResult:
    """One quantity of each member: values (members,) float64, NaN exactly where `reasons` says why there is none."""

    values: numpy.ndarray
    reasons: tuple[str | None, ...]

    def __post_init__(self):
        if self.values.shape != (len(self.reasons),) or self.values.dtype != numpy.float64:
            raise InvalidStudy(
                f"a reading must have a float64 value and a reason or None for each member, got values "
                f"{self.values.shape} of {self.values.dtype} and {len(self.reasons)} reasons"
            )
        for number, (value, reason) in enumerate(zip(self.values, self.reasons, strict=True)):
            if numpy.isnan(value) != bool(reason) or numpy.isinf(value):
                raise InvalidStudy(
                    f"a reading must be finite, or NaN and a reason, got {value}, {reason!r} for member {number}"
                )
