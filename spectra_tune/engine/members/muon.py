"""Muon on hidden matrices and AdamW on the rest, of any number of members.

Axes: M member, O out, I in, S smaller side, L larger side.
"""

from collections.abc import Sequence
from math import sqrt

import torch
from torch import Tensor

from spectra_tune.engine.members.adam import put_change
from spectra_tune.operators.batched_matmul import product

MOMENTUM = 0.95
COEFFICIENTS = (3.4445, -4.7750, 2.0315)
STEPS = 5
EPSILON = 1e-7
"""torch.optim.Muon's defaults: what a norm is at least, before a matrix is divided by it."""

STATE = ("mean", "square", "change", "momentum")
"""Of one's own length each; `momentum` is that of hidden matrices."""


class Muon:
    """One step for all numbers, which lie flat: every hidden matrix moves by one spectral norm, rate * sqrt(out/in).

    About one: five Newton-Schulz steps leave singular values between 0.7 and 1.2. The same rate is AdamW's for all
    other numbers; weight decay is decoupled, rate * decay, in both. Products are in the matrices' own precision, where
    torch.optim.Muon's are in bfloat16, and its adjustment of the rate is sqrt(max(1, out/in)); all else is its.
    Sources: Jordan et al. 2024 (Muon); Yang, Simon & Bernstein 2023 (the spectral condition).
    """

    def __init__(self, state: dict[str, Tensor], changes: Sequence[Tensor]):
        """changes: views (M, O, I) of state["change"], one of each hidden matrix."""
        self._state = state
        self._changes = changes
        self._directions = [_Direction(change) for change in changes]

    def __call__(self, value: Tensor, gradient: Tensor, rate: Tensor, decay: Tensor | None, number: int) -> None:
        """The number-th step from 1; rate, decay: of each number, or of all."""
        state = self._state
        if decay is not None:
            value.addcmul_(value, decay * rate, value=-1)
        state["momentum"].lerp_(gradient, 1 - MOMENTUM)
        torch.lerp(gradient, state["momentum"], MOMENTUM, out=state["change"])
        for direction, change in zip(self._directions, self._changes, strict=True):
            direction.follow(change)
        state["change"].mul_(-put_change(gradient, state, number))
        for direction, change in zip(self._directions, self._changes, strict=True):
            change.copy_(direction.scaled)
        value.addcmul_(state["change"], rate, value=-1)


class _Direction:
    """Of stacked matrices (M, O, I) with all singular values made about 1, times sqrt(O/I), in memory of its own.

    Every elementwise operation rounds once, so that no bit depends on how many members there are.
    """

    def __init__(self, like_MOI: Tensor):
        members, rows, columns = like_MOI.shape
        smaller, larger = sorted((rows, columns))
        self._turned, self._scale = rows > columns, sqrt(rows / columns)
        here, there = (like_MOI.new_zeros(members, smaller, larger) for _ in range(2))
        self._gram_MSS, self._update_MSS = (like_MOI.new_zeros(members, smaller, smaller) for _ in range(2))
        self._square_M11 = like_MOI.new_zeros(members, 1, 1)
        flat_M1K = here.view(members, 1, -1)
        self._square_norm = product(flat_M1K, flat_M1K.mT, self._square_M11)
        self._both = (here, there)
        self._to_gram = [product(one, one.mT, self._gram_MSS) for one in self._both]
        self._square_gram = product(self._gram_MSS, self._gram_MSS, self._update_MSS)
        self._updated = [
            product(self._update_MSS, one, other, add=True) for one, other in ((here, there), (there, here))
        ]
        last = self._both[STEPS % 2]
        self.scaled = last.mT if self._turned else last

    def follow(self, matrix_MOI: Tensor) -> None:
        """Makes `scaled` the direction of these."""
        first, (a, b, c) = self._both[0], COEFFICIENTS
        first.copy_(matrix_MOI.mT if self._turned else matrix_MOI)
        self._square_norm()
        first.div_(self._square_M11.sqrt().clamp(min=EPSILON))
        for step in range(STEPS):
            now, then = step % 2, (step + 1) % 2
            self._to_gram[now]()
            self._square_gram()
            self._update_MSS.mul_(c).add_(self._gram_MSS.mul_(b))
            torch.mul(self._both[now], a, out=self._both[then])
            self._updated[now]()
        self._both[STEPS % 2].mul_(self._scale)
