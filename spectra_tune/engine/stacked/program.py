"""A program: members of one architecture and optimizer whose every step is one batched step.

Axes: M member, J in and one more, N sample, T step, L regularized layer.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy
import torch
from torch import Tensor
from torch.nn import Module

from spectra_tune import penalties
from spectra_tune.design import Member
from spectra_tune.design.condition import MUON
from spectra_tune.engine.fused.choice import is_fused
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
from spectra_tune.engine.stacked.evaluation import Evaluation, Passes
from spectra_tune.engine.stacked.signals import StackedSignals
from spectra_tune.engine.stacked.stack import stacked
from spectra_tune.engine.stacked.steps import Steps, Stretch
from spectra_tune.engine.stacked.torch_steps import TorchSteps
from spectra_tune.engine.stacked.workspace import Workspace
from spectra_tune.objectives import phases_of
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
        self._count = self.evaluation.stack("train").count
        batch = batch_of(self.condition, self._count)
        self._batches = -(-self._count // batch)
        self.penalised = treatment.strength > 0
        self.targeted = self.penalised and penalties.PENALTIES[treatment.penalty].targets
        self._reactions = ReactiveState(padded)
        self._log = PhaseLog(len(self.members), device) if self._phases > 1 else None
        self._begins_anew = self._log is not None and task.fresh_optimizer
        made_of = {name: [_name(module, weight) for weight in of.weights] for name, of in operators.items()}
        shared = (self.evaluation, self._buffers)
        pulls = (self._pulled, batch, self._log)
        if dtype == torch.float32 and is_fused(self.condition, treatment, device):
            numbers = [int(of[0].removeprefix("layer_").removesuffix(".weight")) for of in made_of.values()]
            from spectra_tune.engine.stacked.fused_steps import FusedSteps  # loads numba: not where nothing trains

            self._steps: Steps = FusedSteps(padded, network, *shared, numbers, *pulls)
        else:
            self._steps = TorchSteps(padded, self._passes, *shared, operators, made_of, *pulls)
        self._signals = StackedSignals(self.evaluation, self.condition, self._steps.sigmas)
        steps = self.condition.total_epochs * self._batches
        fans = fan_scales(self.condition.network, operators, [member.treatment for member in padded])
        self._pace = Pace(padded, steps, fans, capacity_ratio, self._reactions)
        self.diverged: dict[int, int] = {}

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
            self._steps.enter()
            if self._begins_anew:
                self._buffers.begin_anew()

    def _train(self, epochs: int, enough: Callable[[], bool]) -> None:
        """Trains all members for so many epochs, in which no signal is observed, or until there is enough."""
        first, last = self.epoch * self._batches, (self.epoch + epochs) * self._batches
        before = self._phase * self.condition.epochs * self._batches if self._begins_anew else 0
        changing = range(first, first + 1 if self._pace.constant else last)
        stretch = Stretch(
            epochs=range(self.epoch, self.epoch + epochs),
            first=first - before,
            rates_TM=self._per_member([self._pace.learning_rates(step) for step in changing]),
            targets_TLM=self._targets(range(first, last)) if self.penalised else None,
            order=self._orders,
        )
        for trained in self._steps.train(stretch):
            self.epoch += trained
            if enough():
                return

    def _targets(self, steps: Sequence[int]) -> Tensor:
        """Targets (steps, layers, members); of a penalty without any, zeros."""
        if not self.targeted:
            return torch.zeros(len(steps), len(self.layers), len(self._padded))
        return self._per_member(self._pace.targets(steps)).view(len(steps), -1, len(self._padded))

    def _orders(self, epoch: int) -> tuple[Tensor, list[int]]:
        """Orders of the training samples in an epoch, and which is whose; arms of one seed and stream share it."""
        orders: dict[tuple[int, int], Tensor] = {}
        keys = [(member.seed, member.stream) for member in self._padded]
        for member, key in zip(self._padded, keys, strict=True):
            if key not in orders:
                orders[key] = torch.randperm(self._count, generator=generator_of(member, "order", epoch))
        places = {key: place for place, key in enumerate(orders)}
        return torch.stack(list(orders.values())), [places[key] for key in keys]

    def scores(self, split: str) -> dict[str, numpy.ndarray]:
        found = self._steps.scores(split)
        return {metric: values[: len(self.members)] for metric, values in found.items()}

    def of_phase(self) -> dict[str, numpy.ndarray]:
        return {} if self._log is None else self._log.at_end(self.epoch, self.condition.epochs)

    def over_phases(self) -> dict[str, numpy.ndarray]:
        if self._log is None:
            return {}
        return over_phases(self._log, self._phases, self._test_accuracy if "test" in self.splits else None)

    def _test_accuracy(self, phase: int) -> numpy.ndarray:
        return self._steps.scores("test", phase)[ACCURACY][: len(self.members)]

    def sigmas(self) -> list[numpy.ndarray]:
        return [sigma_M[: len(self.members)] for sigma_M in self._steps.sigmas()]

    def fallbacks(self) -> list[int]:
        return self._steps.fallbacks()[: len(self.members)]

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

    def passing(self) -> list[dict[str, Tensor]]:
        return [{} for _ in self.members]

    def initial(self) -> list[dict[str, Tensor]]:
        return [built(member).to(self._dtype).state_dict() for member in self.members]

    def state(self) -> dict[str, Any]:
        return {
            "epoch": self.epoch,
            "tensors": self._buffers.state(),
            "steps": self._steps.state(),
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
            self._steps.enter()
        self._steps.restore(state["steps"])
        self._reactions.restore(state["reactions"])


def _name(module: Module, weight: Tensor) -> str:
    """Of one of its parameters."""
    return next(name for name, value in module.named_parameters() if value is weight)
