"""Steps by torch: one operation after another, each for all members.

Axes: M member, J input and one more, N sample, B sample of a batch, T step, L regularized layer.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy
import torch
from torch import Tensor

from spectra_tune import penalties
from spectra_tune.design import Member
from spectra_tune.engine.members.phases import PhaseLog
from spectra_tune.engine.stacked.buffers import Buffers
from spectra_tune.engine.stacked.captured import Captured
from spectra_tune.engine.stacked.evaluation import Evaluation, Passes
from spectra_tune.engine.stacked.stack import batches_of, weights_of_batch
from spectra_tune.engine.stacked.steps import Stretch
from spectra_tune.operators import Followed, Operator


class TorchSteps:
    """The Steps of members on any device.

    made_of: names of the parameters that each operator is of. pulled: places of the operators that are pulled. log: of
    a curriculum's phases.
    """

    def __init__(
        self,
        members: Sequence[Member],
        passes: Passes,
        evaluation: Evaluation,
        buffers: Buffers,
        operators: Mapping[str, Operator],
        made_of: Mapping[str, Sequence[str]],
        pulled: Sequence[int],
        batch: int,
        log: PhaseLog | None,
    ):
        self._members, self._pulled, self._batch, self._log = members, pulled, batch, log
        self._passes, self._evaluation, self._buffers = passes, evaluation, buffers
        like = next(iter(buffers.parameters.values()))
        self._device, self._dtype = like.device, like.dtype
        self._followed: dict[str, Followed] = {
            name: operator.follow(
                [buffers.parameters[one] for one in made_of[name]], [buffers.gradients[one] for one in made_of[name]]
            )
            for name, operator in operators.items()
        }
        self._penalties = self._pulls() if members[0].treatment.strength > 0 else []
        self._hits_M = torch.zeros(len(members), dtype=torch.int64, device=self._device)
        self._captured: tuple[Any, Captured] | None = None

    def _pulls(self) -> list[Any]:
        """A penalty for each regularized weight that is pulled."""
        strengths = [member.treatment.strength for member in self._members]
        strength_M = torch.tensor(strengths, device=self._device, dtype=self._dtype)
        one_sided_M = torch.tensor([member.treatment.one_sided for member in self._members], device=self._device)
        treatment = self._members[0].treatment
        penalty = penalties.implement(treatment.penalty).Penalty
        followed = tuple(self._followed.values())
        return [penalty(followed[place], strength_M, one_sided_M, treatment.power) for place in self._pulled]

    def train(self, stretch: Stretch) -> Iterator[int]:
        batched = self._members[0].condition.batch_size is not None
        batches = self._minibatches(stretch) if batched else self._full_batches(stretch)
        of_epoch = -(-self._count // self._batch)
        for number, (passes, target, weight_N) in enumerate(batches):
            targets = () if stretch.targets_TLM is None else (stretch.targets_TLM[number],)
            self._gradients_of(passes)(target, weight_N, *targets)
            last = (number + 1) % of_epoch == 0
            if self._log is not None:
                samples = self._count - (of_epoch - 1) * self._batch if last else self._batch
                self._log.see(self._hits_M[: self._log.members], samples)
            if number == 0 or len(stretch.rates_TM) > 1:
                self._buffers.set_rates(stretch.rates_TM[number])
            self._buffers.step(stretch.first + number + 1)
            if last:
                yield 1

    @property
    def _count(self) -> int:
        return self._evaluation.stack("train").count

    def _gradients_of(self, passes: Any) -> Callable[..., None]:
        """A call that computes all gradients of a step: (targets, weights of the samples[, targets of sigma])."""

        def gradients(target: Tensor, weight_N: Tensor, target_LM: Tensor | None = None) -> None:
            passes.forward()
            scored = self._evaluation.stack("train").scored
            if self._log is not None:
                self._hits_M.copy_(scored.hits(passes.logits_MON, target, weight_N))
            scored.to_error_(passes.logits_MON, target, weight_N)
            passes.backward()
            if target_LM is not None:
                for penalty, place in zip(self._penalties, self._pulled, strict=True):
                    penalty(target_LM[place])

        if self._device.type == "cpu":
            return gradients
        if self._captured is None or self._captured[0] is not passes:
            self._captured = (passes, Captured(gradients))
        return self._captured[1]

    def _full_batches(self, stretch: Stretch) -> Iterator[tuple[Any, Tensor, Tensor]]:
        """For each epoch: passes over all samples, their targets and weights."""
        train = self._evaluation.stack("train")
        passes = self._passes.over(train.x_MJN, kept_as="training", training=True)
        for _ in stretch.epochs:
            yield passes, train.target, train.weight_N

    def _minibatches(self, stretch: Stretch) -> Iterator[tuple[Any, Tensor, Tensor]]:
        """For each step: passes over each member's own batch, its targets and weights."""
        train, size = self._evaluation.stack("train"), self._batch
        batches = -(-train.count // size)
        rest = train.count - (batches - 1) * size
        whole_N = weights_of_batch(size, size, self._device, self._dtype)
        rest_N = weights_of_batch(rest, size, self._device, self._dtype)
        x_MJB = train.x_MJN.new_empty(len(self._members), train.x_MJN.shape[1], len(whole_N))
        passes = self._passes.over(x_MJB, training=True)
        for epoch in stretch.epochs:
            orders, own = stretch.order(epoch)
            x_TMJB, target_TMB = batches_of(train, orders[own].to(self._device), size)
            for number in range(batches):
                x_MJB.copy_(x_TMJB[number])
                yield passes, target_TMB[number], whole_N if number < batches - 1 else rest_N

    def scores(self, split: str, phase: int | None = None) -> dict[str, numpy.ndarray]:
        return self._evaluation.scores(split, phase)

    def sigmas(self) -> list[numpy.ndarray]:
        return [followed.measured().double().cpu().numpy() for followed in self._followed.values()]

    def enter(self) -> None:
        """Nothing is kept of a phase's data."""

    def fallbacks(self) -> list[int]:
        counts = [followed.fallbacks for followed in self._followed.values()]
        return [sum(of_layers) for of_layers in zip(*counts, strict=True)] or [0] * len(self._members)

    def state(self) -> dict[str, Any]:
        return {name: followed.state() for name, followed in self._followed.items()}

    def restore(self, state: dict[str, Any]) -> None:
        for name, followed in self._followed.items():
            followed.restore(state[name])
