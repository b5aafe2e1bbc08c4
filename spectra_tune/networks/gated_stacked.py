"""Recurrent networks of gated units (GRU) stacked, with their backward pass through time in closed form.

Axes: M member, J number of a sequence and one more, G number of the three gates (reset, update, new: 3 H), H hidden
unit, F number of an input, O output, N sample.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from spectra_tune.networks.recurrent_stacked import BIASES, INPUT, RECURRENT, StackedRecurrent
from spectra_tune.operators.batched_matmul import product

GATES = 3

sigmoid_backward = torch.ops.aten.sigmoid_backward.grad_input
tanh_backward = torch.ops.aten.tanh_backward.grad_input


@dataclass(frozen=True, slots=True, kw_only=True)
class StackedGated(StackedRecurrent):
    """All members' gated networks of one shape; parameters go by the names of the module's."""

    @property
    def cells(self) -> int:
        """Numbers that a stacked pass works on at a position, per member and sample."""
        return max(GATES * self.width, self.outputs)

    @property
    def kept(self) -> int:
        """Numbers that a training pass keeps, per member and sample."""
        return (2 * GATES + 1) * self.width * self.positions

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

    hidden: what the last position ends with. Source: the equations of torch.nn.GRU.
    """

    def __init__(
        self,
        network: StackedGated,
        parameters: dict[str, Tensor],
        x_MJN: Tensor,
        empty: Callable[..., Tensor],
        gradients: dict[str, Tensor] | None,
    ):
        members, samples, width = len(x_MJN), x_MJN.shape[2], network.width
        self._width = width
        self._input_bias_MG1, self._recurrent_bias_MG1 = (parameters[name].unsqueeze(2) for name in BIASES)
        self._last_bias_MO1 = parameters["last.bias"].unsqueeze(2)
        inputs = x_MJN[:, : network.positions * network.features].split(network.features, dim=1)
        kept = network.positions if gradients is not None else min(network.positions, 2)

        def by_position(rows: int) -> list[Tensor]:
            buffers = [empty(members, rows, samples) for _ in range(kept)]
            return [buffers[position % kept] for position in range(network.positions)]

        self._zero_MHN = empty(members, width, samples)
        self._states, self._gates, self._of_before = (by_position(rows * width) for rows in (1, GATES, GATES))
        self._before = [self._zero_MHN, *self._states[:-1]]
        self.hidden = [self._states[-1]]
        self.logits_MON = empty(members, network.outputs, samples)
        self._from_input = [
            product(parameters[INPUT], input_MFN, gates, add=True)
            for input_MFN, gates in zip(inputs, self._gates, strict=True)
        ]
        self._from_before = [
            product(parameters[RECURRENT], before, of_before, add=True)
            for before, of_before in zip(self._before, self._of_before, strict=True)
        ]
        self._to_logits = product(parameters["last.weight"], self._states[-1], self.logits_MON, add=True)
        if gradients is not None:
            self._bind(parameters, gradients, inputs, empty)

    def _bind(
        self,
        parameters: dict[str, Tensor],
        gradients: dict[str, Tensor],
        inputs: tuple[Tensor, ...],
        empty: Callable[..., Tensor],
    ) -> None:
        """The products of the backward pass: a position's gates are overwritten by the errors before them."""
        last = len(self._states) - 1
        self._error_MHN, self._passed_MHN = (empty(*self._zero_MHN.shape) for _ in range(2))
        self._to_last = product(self.logits_MON, self._states[-1].mT, gradients["last.weight"])
        self._last_bias_gradient_MO = gradients["last.bias"]
        self._from_logits = product(parameters["last.weight"].mT, self.logits_MON, self._error_MHN)
        self._bias_gradients_MG = [gradients[name] for name in BIASES]
        self._sum_MG = torch.empty_like(gradients[BIASES[0]], memory_format=torch.contiguous_format)
        self._to_input = [
            product(gates, input_MFN.mT, gradients[INPUT], add=position < last)
            for position, (gates, input_MFN) in enumerate(zip(self._gates, inputs, strict=True))
        ]
        self._to_recurrent = [
            product(of_before, before.mT, gradients[RECURRENT], add=position < last)
            for position, (of_before, before) in enumerate(zip(self._of_before, self._before, strict=True))
        ]
        self._to_before = [
            product(parameters[RECURRENT].mT, of_before, self._error_MHN, add=True) for of_before in self._of_before
        ]

    def _parts(self, gates_MGN: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Reset, update and new (members, units, samples)."""
        reset, update, new = gates_MGN.split(self._width, dim=1)
        return reset, update, new

    def forward(self) -> None:
        self._zero_MHN.zero_()
        for position, (state, gates, of_before, before) in enumerate(
            zip(self._states, self._gates, self._of_before, self._before, strict=True)
        ):
            gates.copy_(self._input_bias_MG1.expand_as(gates))
            self._from_input[position]()
            of_before.copy_(self._recurrent_bias_MG1.expand_as(of_before))
            self._from_before[position]()
            reset, update, new = self._parts(gates)
            both = gates[:, : 2 * self._width]
            both.add_(of_before[:, : 2 * self._width]).sigmoid_()
            new.addcmul_(reset, self._parts(of_before)[2]).tanh_()
            torch.sub(before, new, out=state)
            state.mul_(update).add_(new)
        self.logits_MON.copy_(self._last_bias_MO1.expand_as(self.logits_MON))
        self._to_logits()

    def backward(self) -> None:
        self._to_last()
        torch.sum(self.logits_MON, dim=2, out=self._last_bias_gradient_MO)
        self._from_logits()
        for position in reversed(range(len(self._states))):
            self._errors_at(position)
            for total_MG, errors in zip(
                self._bias_gradients_MG, (self._gates[position], self._of_before[position]), strict=True
            ):
                torch.sum(errors, dim=2, out=self._sum_MG)
                if position == len(self._states) - 1:
                    total_MG.copy_(self._sum_MG)
                else:
                    total_MG.add_(self._sum_MG)
            self._to_input[position]()
            self._to_recurrent[position]()
            if position > 0:
                self._error_MHN.copy_(self._passed_MHN)
                self._to_before[position]()

    def _errors_at(self, position: int) -> None:
        """The loss's derivative by what goes into a position's gates, in the place of the gates themselves."""
        before, error = self._before[position], self._error_MHN
        reset, update, new = self._parts(self._gates[position])
        of_reset, of_update, of_new = self._parts(self._of_before[position])
        torch.mul(error, update, out=self._passed_MHN)
        torch.sub(before, new, out=of_update).mul_(error)
        error.sub_(self._passed_MHN)
        tanh_backward(error, new, grad_input=new)
        torch.mul(new, of_new, out=of_new)
        sigmoid_backward(of_new, reset, grad_input=of_reset)
        torch.mul(new, reset, out=of_new)
        sigmoid_backward(of_update, update, grad_input=update)
        of_update.copy_(update)
        reset.copy_(of_reset)
