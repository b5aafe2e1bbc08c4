"""A program: members of one architecture and optimizer whose every step is one batched step.

Axes: M member, J in and one more, N sample, T step, L regularized layer.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy
import torch
from torch import Tensor
from torch.nn import Module

from spectra_tune import penalties
from spectra_tune.design import Member
from spectra_tune.design.condition import MUON
from spectra_tune.engine.members.draws import Draw
from spectra_tune.engine.members.generators import generator_of
from spectra_tune.engine.members.hidden_matrices import hidden_matrices
from spectra_tune.engine.members.layers import layer_names
from spectra_tune.engine.members.pace import Pace
from spectra_tune.engine.members.parameters import built, digest_of_parameters
from spectra_tune.engine.members.phases import ACCURACY, PhaseLog, over_phases
from spectra_tune.engine.members.reactive_state import ReactiveState
from spectra_tune.engine.members.splits import batch_of, splits_of
from spectra_tune.engine.members.trainer import never
from spectra_tune.engine.stacked.buffers import Buffers
from spectra_tune.engine.stacked.captured import Captured
from spectra_tune.engine.stacked.evaluation import Evaluation, Passes
from spectra_tune.engine.stacked.signals import StackedSignals
from spectra_tune.engine.stacked.stack import batches_of, stacked, weights_of_batch
from spectra_tune.engine.stacked.workspace import Workspace
from spectra_tune.objectives import phases_of
from spectra_tune.operators import Followed, Operator
from spectra_tune.penalties.pulled import fan_scales, pulled, with_last


class Program:
    """A Trainer of members of one `shared_protocol`; seeds, inits, learning rates, weight decays and targets differ.

    size: members that the program is padded to by repeating the last one; 0 is no padding.
    """

    def __init__(
        self,
        members: Sequence[Member],
        draw: Draw,
        capacity_ratio: float,
        workspace: Workspace,
        device: str,
        dtype: torch.dtype,
        size: int = 0,
    ):
        self.members = tuple(members)
        self._padded = padded = self.members + self.members[-1:] * (size - len(self.members))
        self.condition = padded[0].condition
        self.splits = splits_of(padded[0])
        self._device, self._dtype = device, dtype
        task = self.condition.task
        network = self.condition.network.stacked(task)
        module = built(padded[0])
        treatment = padded[0].treatment
        operators = with_last(module, self.condition.network.regularized(module), treatment)
        self.regularized = _names_of(module, operators)
        self.layers = layer_names(self.condition.network, operators)
        self._pulled = pulled(self.condition.network, module, operators, treatment)
        drawn = [{name: value.detach() for name, value in built(member).named_parameters()} for member in padded]
        self.init_digests = [digest_of_parameters(one) for one in drawn[: len(self.members)]]
        self.parameter_count = sum(value.numel() for value in drawn[0].values())
        hidden = hidden_matrices(self.condition.network, module) if self.condition.optimizer == MUON else ()
        self._buffers = Buffers(padded, drawn, network.side_by_side, device, dtype, hidden)
        self._passes = Passes(network, self._buffers.bound, self._buffers.gradients, workspace)
        self._phase, self._phases = 0, phases_of(task)
        self.evaluation = Evaluation(
            self._passes,
            lambda split, phase: stacked([draw(split, one.seed, phase) for one in padded], task, device, dtype),
        )
        self.epoch = 0
        count = self.evaluation.stack("train").count
        self._batch = batch_of(self.condition, count)
        self._batches = -(-count // self._batch)
        self.penalised = padded[0].treatment.strength > 0
        self._followed = self._follow(module, operators)
        self._penalties = self._pulls() if self.penalised else []
        self.targeted = self.penalised and penalties.PENALTIES[padded[0].treatment.penalty].targets
        self._reactions = ReactiveState(padded)
        self._signals = StackedSignals(self.evaluation, self.condition, self._sigmas)
        self._log = PhaseLog(len(self.members), device) if self._phases > 1 else None
        self._begins_anew = self._log is not None and task.fresh_optimizer
        self._hits_M = torch.zeros(len(padded), dtype=torch.int64, device=device)
        steps = self.condition.total_epochs * self._batches
        fans = fan_scales(self.condition.network, operators, [member.treatment for member in padded])
        self._pace = Pace(padded, steps, fans, capacity_ratio, self._reactions)
        self.diverged: dict[int, int] = {}
        self._captured: tuple[Any, Captured] | None = None

    def _follow(self, module: Module, operators: Mapping[str, Operator]) -> dict[str, Followed]:
        """Each regularized weight of all members, by its operator's name."""
        names = {id(value): name for name, value in module.named_parameters()}
        found: dict[str, Followed] = {}
        for operator_name, operator in operators.items():
            of = [names[id(weight)] for weight in operator.weights]
            gradients = [self._buffers.gradients[name] for name in of]
            found[operator_name] = operator.follow([self.parameters[name] for name in of], gradients)
        return found

    def _pulls(self) -> list[Any]:
        """A penalty for each regularized weight that is pulled."""
        strength_M = self._per_member([member.treatment.strength for member in self._padded])
        one_sided_M = torch.tensor([member.treatment.one_sided for member in self._padded], device=self._device)
        treatment = self._padded[0].treatment
        penalty = penalties.implement(treatment.penalty).Penalty
        followed = tuple(self._followed.values())
        return [penalty(followed[place], strength_M, one_sided_M, treatment.power) for place in self._pulled]

    def _per_member(self, values: Sequence[Any]) -> Tensor:
        return torch.tensor(values, device=self._device, dtype=self._dtype)

    @property
    def parameters(self) -> dict[str, Tensor]:
        """Of all members, padding included, (members, …) by the module's names."""
        return self._buffers.parameters

    @property
    def mean_epoch(self) -> float:
        return self.epoch

    @property
    def finished(self) -> bool:
        return self.epoch == self.condition.total_epochs

    def train(self, epochs: int, enough: Callable[[], bool] = never) -> None:
        end = self.epoch + epochs
        while self.epoch < end:
            self._enter(self.epoch // self.condition.epochs)
            self._reactions.observe(self.epoch, self._signals)
            of_phase = (self._phase + 1) * self.condition.epochs - self.epoch
            self._train(int(min(end - self.epoch, self._reactions.epochs_until_next(self.epoch), of_phase)), enough)
            if self._log is not None and self.epoch % self.condition.epochs == 0:
                self._log.close(self.scores("test") if "test" in self.splits else None)
            if enough():
                return

    def _enter(self, phase: int) -> None:
        """Turns to the data of a phase."""
        if phase != self._phase:
            self._phase = phase
            self.evaluation.enter(phase)
            if self._begins_anew:
                self._buffers.begin_anew()

    def _train(self, epochs: int, enough: Callable[[], bool]) -> None:
        """Trains all members for so many epochs, in which no signal is observed, or until there is enough."""
        first, last = self.epoch * self._batches, (self.epoch + epochs) * self._batches
        before = self._phase * self.condition.epochs * self._batches if self._begins_anew else 0
        changing = range(first, first + 1 if self._pace.constant else last)
        rates_TM = self._per_member([self._pace.learning_rates(step) for step in changing])
        targets_TLM = self._targets(range(first, last)) if self.penalised else None
        batches = self._minibatches(epochs) if self.condition.batch_size else self._full_batches(epochs)
        for number, (passes, target, weight_N) in enumerate(batches):
            self._gradients_of(passes)(target, weight_N, *(() if targets_TLM is None else (targets_TLM[number],)))
            if self._log is not None:
                self._log.see(self._hits_M[: len(self.members)], self._samples_of(first + number))
            if number == 0 or not self._pace.constant:
                self._buffers.set_rates(rates_TM[number])
            self._buffers.step(first + number + 1 - before)
            if (number + 1) % self._batches == 0:
                self.epoch += 1
                if enough():
                    return

    def _gradients_of(self, passes: Any) -> Callable[..., None]:
        """A call that computes all gradients of a step: (targets, weights of the samples[, targets of sigma])."""

        def gradients(target: Tensor, weight_N: Tensor, target_LM: Tensor | None = None) -> None:
            passes.forward()
            scored = self.evaluation.stack("train").scored
            if self._log is not None:
                self._hits_M.copy_(scored.hits(passes.logits_MON, target, weight_N))
            scored.to_error_(passes.logits_MON, target, weight_N)
            passes.backward()
            if target_LM is not None:
                for penalty, place in zip(self._penalties, self._pulled, strict=True):
                    penalty(target_LM[place])

        if torch.device(self._device).type == "cpu":
            return gradients
        if self._captured is None or self._captured[0] is not passes:
            self._captured = (passes, Captured(gradients))
        return self._captured[1]

    def _samples_of(self, step: int) -> int:
        """Of a step's batch."""
        whole = step % self._batches < self._batches - 1
        return self._batch if whole else self.evaluation.stack("train").count - (self._batches - 1) * self._batch

    def _targets(self, steps: Sequence[int]) -> Tensor:
        """Targets (steps, layers, members); of a penalty without any, zeros."""
        if not self.targeted:
            return torch.zeros(len(steps), len(self.regularized), len(self._padded))
        return self._per_member(self._pace.targets(steps)).view(len(steps), -1, len(self._padded))

    def _full_batches(self, epochs: int):
        """For each epoch: passes over all samples, their targets and weights."""
        train = self.evaluation.stack("train")
        passes = self._passes.over(train.x_MJN, kept_as="training", training=True)
        for _ in range(epochs):
            yield passes, train.target, train.weight_N

    def _minibatches(self, epochs: int):
        """For each step: passes over each member's own batch, its targets and weights."""
        train, size = self.evaluation.stack("train"), self._batch
        rest = train.count - (self._batches - 1) * size
        whole_N = weights_of_batch(size, size, self._device, self._dtype)
        rest_N = weights_of_batch(rest, size, self._device, self._dtype)
        x_MJB = train.x_MJN.new_empty(len(self._padded), train.x_MJN.shape[1], len(whole_N))
        passes = self._passes.over(x_MJB, training=True)
        for epoch in range(self.epoch, self.epoch + epochs):
            x_TMJB, target_TMB = batches_of(train, self._orders(epoch, train.count), size)
            for number in range(self._batches):
                x_MJB.copy_(x_TMJB[number])
                yield passes, target_TMB[number], whole_N if number < self._batches - 1 else rest_N

    def _orders(self, epoch: int, count: int) -> Tensor:
        """Each member's order of its samples in an epoch; arms of one seed and stream share it."""
        orders: dict[tuple[int, int], Tensor] = {}
        for member in self._padded:
            if (member.seed, member.stream) not in orders:
                generator = generator_of(member, "order", epoch)
                orders[member.seed, member.stream] = torch.randperm(count, generator=generator)
        return torch.stack([orders[member.seed, member.stream] for member in self._padded]).to(self._device)

    def scores(self, split: str) -> dict[str, numpy.ndarray]:
        found = self.evaluation.scores(split)
        return {metric: values[: len(self.members)] for metric, values in found.items()}

    def of_phase(self) -> dict[str, numpy.ndarray]:
        return {} if self._log is None else self._log.at_end(self.epoch, self.condition.epochs)

    def over_phases(self) -> dict[str, numpy.ndarray]:
        if self._log is None:
            return {}
        return over_phases(self._log, self._phases, self._test_accuracy if "test" in self.splits else None)

    def _test_accuracy(self, phase: int) -> numpy.ndarray:
        return self.evaluation.scores("test", phase)[ACCURACY][: len(self.members)]

    def _sigmas(self) -> list[numpy.ndarray]:
        """Spectral norm of each regularized weight, by layer and member, padding included."""
        return [followed.measured().double().cpu().numpy() for followed in self._followed.values()]

    def sigmas(self) -> list[numpy.ndarray]:
        return [sigma_M[: len(self.members)] for sigma_M in self._sigmas()]

    def fallbacks(self) -> list[int]:
        counts = [followed.fallbacks for followed in self._followed.values()]
        return [sum(of_layers) for of_layers in zip(*counts, strict=True)] or [0] * len(self.members)

    def targets_reached(self) -> list[numpy.ndarray]:
        if self.epoch == 0:
            self._reactions.observe(self.epoch, self._signals)
        step = max(self.epoch * self._batches - 1, 0)
        target_LM = self._targets([step])[0, :, : len(self.members)].double().cpu().numpy()
        return [of if place in self._pulled else numpy.full_like(of, numpy.nan) for place, of in enumerate(target_LM)]

    def note_divergence(self) -> None:
        finite_M = self._buffers.finite()
        if finite_M is not None:
            for slot in (~finite_M[: len(self.members)]).nonzero().flatten().tolist():
                self.diverged.setdefault(slot, self.epoch)

    def module(self) -> Module:
        return built(self.members[0])

    def states(self) -> list[dict[str, Tensor]]:
        return [{name: value[slot] for name, value in self.parameters.items()} for slot in range(len(self.members))]

    def initial(self) -> list[dict[str, Tensor]]:
        return [built(member).to(self._dtype).state_dict() for member in self.members]

    def state(self) -> dict[str, Any]:
        return {
            "epoch": self.epoch,
            "tensors": self._buffers.state(),
            "followed": {name: followed.state() for name, followed in self._followed.items()},
            "reactions": self._reactions.state(),
            "diverged": self.diverged,
        } | ({} if self._log is None else {"phases": self._log.state()})

    def restore(self, state: dict[str, Any]) -> None:
        self.epoch, self.diverged = state["epoch"], dict(state["diverged"])
        self._buffers.restore(state["tensors"])
        if self._log is not None:
            self._log.restore(state["phases"])
            at_end = self.epoch > 0 and self.epoch % self.condition.epochs == 0
            self._phase = self._log.closed - at_end
            self.evaluation.enter(self._phase)
        for name, followed in self._followed.items():
            followed.restore(state["followed"][name])
        self._reactions.restore(state["reactions"])


def _names_of(module: Module, operators: Any) -> tuple[str, ...]:
    """The names of the parameters that these operators, matrices all of them, are made of."""
    names = {id(value): name for name, value in module.named_parameters()}
    return tuple(names[id(operator.weights[0])] for operator in operators.values())
