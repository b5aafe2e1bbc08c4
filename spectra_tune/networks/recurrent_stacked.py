"""Recurrent networks of tanh units stacked, with their backward pass through time in closed form.

Axes: M member, J number of a sequence and one more, H hidden unit, F number of an input, O output, N sample.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from spectra_tune.operators.batched_matmul import product

INPUT, RECURRENT = "recurrent.weight_ih_l0", "recurrent.weight_hh_l0"
BIASES = ("recurrent.bias_ih_l0", "recurrent.bias_hh_l0")


@dataclass(frozen=True, slots=True, kw_only=True)
class StackedRecurrent:
    """All members' recurrent networks of one shape; parameters go by the names of the module's."""

    positions: int
    features: int  # numbers at each position
    width: int
    outputs: int

    @property
    def activation(self) -> str:
        return "tanh"

    @property
    def side_by_side(self) -> tuple[tuple[str, str], ...]:
        """None: no weight and bias are one matrix."""
        return ()

    @property
    def cells(self) -> int:
        """Numbers that a stacked pass works on at a position, per member and sample."""
        return max(self.width, self.outputs)

    @property
    def kept(self) -> int:
        """Numbers that a training pass keeps, per member and sample."""
        return self.width * self.positions

    def passes(
        self,
        parameters: dict[str, Tensor],
        x_MJN: Tensor,
        empty: Callable[..., Tensor],
        gradients: dict[str, Tensor] | None = None,
    ) -> "Passes":
        """Passes of all members at once, see perceptron_stacked.py."""
        return Passes(self, parameters, x_MJN, empty, gradients)


class Passes:
    """Forward and backward passes, in buffers bound to their parameters and input; see perceptron_stacked.py.

    hidden: what the last position ends with.
    """

    def __init__(
        self,
        network: StackedRecurrent,
        parameters: dict[str, Tensor],
        x_MJN: Tensor,
        empty: Callable[..., Tensor],
        gradients: dict[str, Tensor] | None,
    ):
        members, samples, width = len(x_MJN), x_MJN.shape[2], network.width
        self._biases_MH = [parameters[name] for name in BIASES]
        self._bias_MH, self._last_bias_MO1 = empty(members, width), parameters["last.bias"].unsqueeze(2)
        inputs = x_MJN[:, : network.positions * network.features].split(network.features, dim=1)
        kept = network.positions if gradients is not None else min(network.positions, 2)
        states = [empty(members, width, samples) for _ in range(kept)]
        self._states = [states[position % kept] for position in range(network.positions)]
        self.logits_MON = empty(members, network.outputs, samples)
        self.hidden = [self._states[-1]]
        below = (None, *self._states)
        self._forward = [
            (
                product(parameters[INPUT], input_MFN, state, add=True),
                None if before is None else product(parameters[RECURRENT], before, state, add=True),
            )
            for input_MFN, before, state in zip(inputs, below, self._states, strict=False)
        ]
        self._to_logits = product(parameters["last.weight"], self._states[-1], self.logits_MON, add=True)
        if gradients is not None:
            self._errors = (empty(members, width, samples), empty(members, width, samples))
            self._bind(parameters, gradients, inputs)

    def _bind(self, parameters: dict[str, Tensor], gradients: dict[str, Tensor], inputs: tuple[Tensor, ...]) -> None:
        """The products of the backward pass: errors of even and odd positions lie in two buffers in turn."""
        last = len(self._states) - 1
        self._to_last = product(self.logits_MON, self._states[-1].mT, gradients["last.weight"])
        self._last_bias_gradient_MO = gradients["last.bias"]
        self._from_logits = product(parameters["last.weight"].mT, self.logits_MON, self._error(last))
        self._bias_gradients_MH, self._sum_MH = [gradients[name] for name in BIASES], torch.empty_like(self._bias_MH)
        self._recurrent_gradient = gradients[RECURRENT]
        self._to_input = [
            product(self._error(position), input_MFN.mT, gradients[INPUT], add=position < last)
            for position, input_MFN in enumerate(inputs)
        ]
        self._to_recurrent = [
            product(self._error(position + 1), state.mT, self._recurrent_gradient, add=position + 1 < last)
            for position, state in enumerate(self._states[:-1])
        ]
        self._to_before = [
            product(parameters[RECURRENT].mT, self._error(position + 1), self._error(position))
            for position in range(last)
        ]

    def _error(self, position: int) -> Tensor:
        """The loss's derivative by a position's units, before their activation."""
        return self._errors[position % 2]

    def forward(self) -> None:
        torch.add(*self._biases_MH, out=self._bias_MH)
        for state, (of_input, of_before) in zip(self._states, self._forward, strict=True):
            state.copy_(self._bias_MH.unsqueeze(2).expand_as(state))
            of_input()
            if of_before is not None:
                of_before()
            state.tanh_()
        self.logits_MON.copy_(self._last_bias_MO1.expand_as(self.logits_MON))
        self._to_logits()

    def backward(self) -> None:
        self._to_last()
        torch.sum(self.logits_MON, dim=2, out=self._last_bias_gradient_MO)
        self._from_logits()
        total_MH, *others = self._bias_gradients_MH
        for position in reversed(range(len(self._states))):
            error, state = self._error(position), self._states[position]
            torch.ops.aten.tanh_backward.grad_input(error, state, grad_input=error)
            torch.sum(error, dim=2, out=self._sum_MH)
            if position == len(self._states) - 1:
                total_MH.copy_(self._sum_MH)
            else:
                total_MH.add_(self._sum_MH)
            self._to_input[position]()
            if position > 0:
                self._to_recurrent[position - 1]()
                self._to_before[position - 1]()
        if not self._to_recurrent:
            self._recurrent_gradient.zero_()
        for other_MH in others:
            other_MH.copy_(total_MH)
