"""What a probe gets and what it gives: trained members with a fixed probe set, and a number or a reason for each.

Axes: M member, N probe point, F feature.
"""

import copy
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import numpy
import torch
from torch import Tensor
from torch.nn import Module

from spectra_tune.errors import InvalidStudy
from spectra_tune.objectives import Objective
from spectra_tune.operators import Operator
from spectra_tune.operators.of_layer import sized

State = Mapping[str, Tensor]
"""A member's parameters and buffers, by the module's names."""

NOT_FINITE = "its parameters are not all finite"
OVERFLOWS = "it overflows double precision"


def not_computed(members: int, reason: str) -> "ProbeResult":
    """A result of no member, all for one reason."""
    return ProbeResult(values=numpy.full(members, numpy.nan), reasons=(reason,) * members)


def each_member(
    probed: "ProbeInput", quantities: Sequence[str], measure: Callable[[int], Mapping[str, float | str]]
) -> "dict[str, ProbeResult]":
    """Results of what `measure` gives for the number of a member: of each quantity a value, or the reason for none.

    A member whose parameters are not finite is not measured; a value that is not finite has overflowed; where torch
    raises, what it says is the reason. Members go one by one, each with the same draws, so that the bits of one depend
    on no other.
    """
    found = [_measured(probed, quantities, measure, member) for member in range(probed.members)]
    return {quantity: _result([one[quantity] for one in found]) for quantity in quantities}


def _measured(
    probed: "ProbeInput", quantities: Sequence[str], measure: Callable[[int], Mapping[str, float | str]], member: int
) -> Mapping[str, float | str]:
    if not all(bool(value.isfinite().all()) for value in probed.parameters(member).values()):
        return dict.fromkeys(quantities, NOT_FINITE)
    try:
        with probed.drawing():
            return measure(member)
    except RuntimeError as error:
        return dict.fromkeys(quantities, said_by_torch(error))


def said_by_torch(error: RuntimeError) -> str:
    """The reason where torch could not compute; a lack of memory is none, since another try may succeed."""
    if isinstance(error, torch.OutOfMemoryError):
        raise error
    return f"torch in double precision: {' '.join(str(error).split())}"


def _result(found: Sequence[float | str]) -> "ProbeResult":
    values = numpy.array([numpy.nan if isinstance(one, str) else one for one in found], dtype=numpy.float64)
    values[numpy.isinf(values)] = numpy.nan
    reasons = (one if isinstance(one, str) else OVERFLOWS for one in found)
    return ProbeResult(
        values=values,
        reasons=tuple(reason if gone else None for reason, gone in zip(reasons, numpy.isnan(values), strict=True)),
    )


def _double(state: State) -> dict[str, Tensor]:
    """A state in double precision on a processor; what is no floating-point number stays what it is."""
    return {
        name: value.detach().cpu().to(torch.float64) if value.is_floating_point() else value.detach().cpu()
        for name, value in state.items()
    }


@dataclass(frozen=True, kw_only=True)
class ProbeInput:
    """Trained members of one architecture and a probe set that they all share.

    module: of that architecture; its own weights mean nothing. states, initial: of each member, at the end and at
    the start of training. regularized: what gives a module's operators, from the input on, by the names that tables
    have for them. x: points (points, …), target: what the objective scores against. low_F, high_F: bounds of the task's
    data, flat. drawing: what seeds the global generators while a member is measured, for modules that draw then.
    """

    module: Module
    states: Sequence[State]
    initial: Sequence[State]
    regularized: Callable[[Module], Mapping[str, Operator]]
    x: Tensor
    target: Tensor
    objective: Objective
    low_F: numpy.ndarray
    high_F: numpy.ndarray
    drawing: Callable[[], AbstractContextManager[None]] = nullcontext
    kept: dict[Any, Any] = field(init=False, repr=False, default_factory=dict)  # what several probes need

    def __post_init__(self):
        shapes = [{name: tuple(value.shape) for name, value in of.items()} for of in (*self.states, *self.initial)]
        if not self.states or len(self.initial) != len(self.states) or any(one != shapes[0] for one in shapes):
            raise InvalidStudy(
                f"states and initial must have equal names and shapes for each member, got {len(self.states)} and "
                f"{len(self.initial)} of {shapes[:2]}"
            )
        if self.x.ndim < 2 or self.target.shape[:1] != self.x.shape[:1]:
            raise InvalidStudy(
                f"x must be (points, …) and target (points, …), got {tuple(self.x.shape)} and "
                f"{tuple(self.target.shape)}"
            )

    @property
    def members(self) -> int:
        return len(self.states)

    @property
    def points(self) -> Tensor:
        """The probe set: numbers in float64, tokens as they are."""
        return self.x.detach().to(torch.float64) if self.x.is_floating_point() else self.x.detach()

    def member(self, number: int) -> Module:
        """One member's module in float64, in evaluation mode, without gradients of its parameters.

        There is one module: it is this member's until another one is asked for.
        """
        if "module" not in self.kept:
            module = copy.deepcopy(self.module).to("cpu", torch.float64).eval()
            self.kept["operators"] = self.regularized(module)  # some of what is trained
            self.kept["module"] = module.requires_grad_(False)
        module: Module = self.kept["module"]
        if self.kept.get("number") != number:
            module.load_state_dict(_double(self.states[number]))
            self.kept["number"] = number
        return module

    @property
    def layers(self) -> tuple[str, ...]:
        """What tables call the regularized weights."""
        return tuple(self.unsized())

    def unsized(self) -> Mapping[str, Operator]:
        """The regularized operators by layer, made of the one module's weights; convolutions without a size."""
        self.member(0)
        return self.kept["operators"]

    def operators(self, number: int) -> Mapping[str, Operator]:
        """One member's regularized operators by layer, made of the weights of its module: see `member`."""
        unsized, module = self.unsized(), self.member(number)
        if "sized" not in self.kept:
            self.kept["sized"] = sized(unsized, module, self.points[:1])
        return self.kept["sized"]

    def parameters(self, number: int) -> dict[str, Tensor]:
        """One member's parameters in float64, by name; a shared one under its first name."""
        return self._parameters_of(self.states[number])

    def start(self, number: int) -> dict[str, Tensor]:
        """What one member's parameters were at first, likewise."""
        return self._parameters_of(self.initial[number])

    def _parameters_of(self, state: State) -> dict[str, Tensor]:
        double = _double(state)
        return {name: double[name] for name, _ in self.module.named_parameters()}


@dataclass(frozen=True, kw_only=True)
class ProbeResult:
    """One quantity of each member: values (members,) float64, NaN exactly where `reasons` says why there is none."""

    values: numpy.ndarray
    reasons: tuple[str | None, ...]

    def __post_init__(self):
        if self.values.shape != (len(self.reasons),) or self.values.dtype != numpy.float64:
            raise InvalidStudy(
                f"a result must have a float64 value and a reason or None for each member, got values "
                f"{self.values.shape} of {self.values.dtype} and {len(self.reasons)} reasons"
            )
        for number, (value, reason) in enumerate(zip(self.values, self.reasons, strict=True)):
            if numpy.isnan(value) != bool(reason) or numpy.isinf(value):
                raise InvalidStudy(
                    f"a result must be finite, or NaN and a reason, got {value}, {reason!r} for member {number}"
                )
