"""A program: members of one architecture and optimizer whose every step is one batched step.

Axes: M member, J in and one more, N sample, T step, L regularized layer.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy
import torch
from torch import Tensor

from spectra_tune import penalties
from spectra_tune.design import Condition, DistanceToCriticality, InvalidStudy, Member, Treatment
from spectra_tune.engine.contract import check_network
from spectra_tune.engine.passes import MappedPasses
from spectra_tune.engine.samples import Samples, Stack, batches_of, stacked, weights_of_batch
from spectra_tune.engine.stacked.layout import Layout, digest_of_parameters
from spectra_tune.engine.stacked.optimizers import OPTIMIZERS
from spectra_tune.engine.stacked.reactive_state import ReactiveState
from spectra_tune.engine.stacked.scores import scores, sums, to_error_
from spectra_tune.engine.stacked.workspace import Workspace
from spectra_tune.networks import Network, implement
from spectra_tune.operators.dense import spectral_norms, spectrum_of
from spectra_tune.operators.tracked import TrackedTopSingularValue
from spectra_tune.randomness import derived_seed
from spectra_tune.schedules import LEARNING_RATES, REACTIVE, progress_at, sigma_target

TILE = 1024
"""Samples that are evaluated at a time."""


def shared_protocol(member: Member) -> tuple[Condition, str | None]:
    """What all members of a program have in common; the rest of a Condition differs from member to member."""
    condition = member.condition
    network = condition.network
    if isinstance(network, Network):
        network = replace(network, init="linear", init_gain=1.0)
    shared = replace(condition, network=network, learning_rate=1.0, learning_rate_schedule="constant", weight_decay=0.0)
    penalised = member.treatment.strength > 0
    return shared, member.treatment.penalty if penalised else None


class Program:
    """Members of one `shared_protocol`; their seeds, inits, learning rates, weight decays and targets differ.

    size: members that the program is padded to by repeating the last one; 0 is no padding.
    """

    def __init__(
        self,
        members: Sequence[Member],
        draw: Callable[[str, int], Samples],
        capacity_ratio: float,
        arena: Workspace,
        device: str,
        dtype: torch.dtype,
        size: int = 0,
    ):
        self.members = tuple(members)
        padded = self.members + self.members[-1:] * (size - len(self.members))
        self._padded = padded
        self.condition = padded[0].condition
        self.network = implement(self.condition.network, self.condition.task)
        self._capacity_ratio = capacity_ratio
        self._draw, self._arena, self._device, self._dtype = draw, arena, device, dtype
        confirming = padded[0].stage == "confirm"
        self.splits = ("train", "validation", "test") if confirming else ("train", "validation")
        self._stacks: dict[str, Stack] = {}
        self._allocate()
        self._kept: dict[Any, Any] = {}
        self._memory = -1
        self.epoch = 0
        count = self.stack("train").count
        self._batch = self.condition.batch_size or count
        if self._batch > count:
            raise InvalidStudy(
                f"a batch cannot be larger than the data: batch_size {self._batch}, samples {count}; "
                "None is the full batch"
            )
        self.batches = -(-count // self._batch)
        self.steps = self.condition.epochs * self.batches
        self.penalised = padded[0].treatment.strength > 0
        self._penalties: dict[str, Any] = {}
        self._spectra = {
            name: spectrum_of(self.parameters[name], self._gradients[name]) for name in self.network.regularized
        }
        if self.penalised:
            self._penalise()
        self._reaction = ReactiveState(padded)
        self.diverged: dict[int, int] = {}

    def _allocate(self) -> None:
        """Puts all members' parameters into one buffer, and gradients, rates and the optimizer's state likewise."""
        initial = [self._init(member) for member in self._padded]
        if not isinstance(self.condition.network, Network):
            sample = self.drawn("train", self.members[0].seed)
            x_NF = torch.tensor(sample.x[:8], dtype=next(iter(initial[0].values())).dtype)
            check_network(self.network, initial[0], x_NF, sample.classes)
        self.init_digests = [digest_of_parameters(one) for one in initial[: len(self.members)]]
        self._layout = Layout(initial, getattr(self.network, "side_by_side", ()), self._device, self._dtype)
        self._flat = self._layout.filled(initial)
        self._flat_gradient, self._flat_rate = self._layout.zeros(), self._layout.zeros()
        self._bound, self._gradients = self._layout.named(self._flat), self._layout.named(self._flat_gradient)
        self.parameters = {name: self._bound[name] for name in initial[0]}
        self._step, names = OPTIMIZERS[self.condition.optimizer]
        self._state = {name: self._layout.zeros() for name in names}
        self._flat_decay = None
        if any(member.condition.weight_decay for member in self._padded):
            self._flat_decay = self._layout.zeros()
            decay_M = self._per_member([member.condition.weight_decay for member in self._padded])
            self._layout.spread(decay_M, self._flat_decay)

    def _penalise(self) -> None:
        """A penalty for each regularized weight."""
        strength_M = self._per_member([member.treatment.strength for member in self._padded])
        one_sided_M = torch.tensor([member.treatment.one_sided for member in self._padded], device=self._device)
        penalty = penalties.implement(self._padded[0].treatment.penalty).Penalty
        for name, spectrum in self._spectra.items():
            self._penalties[name] = penalty(spectrum, strength_M, one_sided_M)

    @property
    def _tracked(self) -> dict[str, TrackedTopSingularValue]:
        """Of the penalised weights those whose spectra have a state."""
        spectra = self._spectra if self.penalised else {}
        return {name: of for name, of in spectra.items() if isinstance(of, TrackedTopSingularValue)}

    def _init(self, member: Member) -> dict[str, Tensor]:
        return implement(member.condition.network, member.condition.task).init(generator_of(member, "init"))

    def initial(self) -> dict[str, Tensor]:
        """The members' parameters before the first step, stacked (members, …), drawn again."""
        drawn = [self._init(member) for member in self.members]
        return {name: torch.stack([one[name] for one in drawn]).to(self._device, self._dtype) for name in drawn[0]}

    def _per_member(self, values: Sequence[Any]) -> Tensor:
        return torch.tensor(values, device=self._device, dtype=self._dtype)

    def stack(self, split: str) -> Stack:
        """The members' samples; test samples, which only the end needs, are not kept."""
        if split in self._stacks:
            return self._stacks[split]
        stack = stacked([self._draw(split, member.seed) for member in self._padded], self._device, self._dtype)
        if split != "test":
            self._stacks[split] = stack
        return stack

    @property
    def features(self) -> int:
        """Of the task's samples."""
        return self.drawn("train", self.members[0].seed).x.shape[1]

    def drawn(self, split: str, seed: int) -> Samples:
        """What the task draws of a split for a seed."""
        return self._draw(split, seed)

    @property
    def finished(self) -> bool:
        return self.epoch == self.condition.epochs

    def train(self, epochs: int) -> None:
        """Trains all members for so many epochs more."""
        end = self.epoch + epochs
        while self.epoch < end:
            self._reaction.observe(self)
            self._train(int(min(end - self.epoch, self._reaction.epochs_until_next(self.epoch))))

    def _train(self, epochs: int) -> None:
        """Trains all members for so many epochs, in which no signal is observed."""
        first, last = self.epoch * self.batches, (self.epoch + epochs) * self.batches
        schedules = {member.condition.learning_rate_schedule for member in self._padded}
        constant = all(name == "constant" or isinstance(name, DistanceToCriticality) for name in schedules)
        changing = range(first, first + 1 if constant else last)
        rates_TM = self._per_member([self._learning_rates(step) for step in changing])
        targets_TLM = self._targets(range(first, last)) if self.penalised else None
        batches = self._minibatches(epochs) if self.condition.batch_size else self._full_batches(epochs)
        for number, (passes, label_MN, weight_N) in enumerate(batches):
            passes.forward()
            to_error_(passes.logits_MON, label_MN, weight_N)
            passes.backward()
            if targets_TLM is not None:
                for penalty, target_M in zip(self._penalties.values(), targets_TLM[number], strict=True):
                    penalty(target_M)
            if number == 0 or not constant:
                self._layout.spread(rates_TM[number], self._flat_rate)
            self._step(
                self._flat, self._flat_gradient, self._state, self._flat_rate, self._flat_decay, first + number + 1
            )
        self.epoch += epochs

    def _full_batches(self, epochs: int):
        """For each epoch: passes over all samples, their labels and weights."""
        train = self.stack("train")
        passes = self._passes("training", train.x_MJN, training=True)
        for _ in range(epochs):
            yield passes, train.label_MN, train.weight_N

    def _minibatches(self, epochs: int):
        """For each step: passes over each member's own batch, its labels and weights."""
        train = self.stack("train")
        size = self._batch
        rest = train.count - (self.batches - 1) * size
        whole_N = weights_of_batch(size, size, self._device, self._dtype)
        rest_N = weights_of_batch(rest, size, self._device, self._dtype)
        x_MJB = train.x_MJN.new_empty(len(self._padded), train.x_MJN.shape[1], len(whole_N))
        passes = self._passes(None, x_MJB, training=True)
        for epoch in range(self.epoch, self.epoch + epochs):
            x_TMJB, label_TMB = batches_of(train, self._orders(epoch, train.count), size)
            for number in range(self.batches):
                x_MJB.copy_(x_TMJB[number])
                yield passes, label_TMB[number], whole_N if number < self.batches - 1 else rest_N

    def _passes(self, kept_as: Any, x_MJN: Tensor, *, training: bool) -> Any:
        """Passes over x: the network's own stacked ones, or any network's plain forward mapped over members.

        kept_as: a name under which to find them again, as long as their memory is the same; None is not to keep them.
        """
        gradients = self._gradients if training else None
        if not hasattr(self.network, "stacked"):
            return MappedPasses(self.network, self.parameters, x_MJN, gradients)
        memory = self._arena.begin()
        if memory != self._memory:
            self._kept, self._memory = {}, memory
        if kept_as not in self._kept:
            passes = self.network.stacked(self._bound, x_MJN, self._arena.empty, gradients)
            if kept_as is None:
                return passes
            self._kept[kept_as] = passes
        return self._kept[kept_as]

    def _orders(self, epoch: int, count: int) -> Tensor:
        """Each member's order of its samples in an epoch; arms of one seed and stream share it."""
        orders: dict[tuple[int, int], Tensor] = {}
        for member in self._padded:
            if (member.seed, member.stream) not in orders:
                generator = generator_of(member, "order", epoch)
                orders[member.seed, member.stream] = torch.randperm(count, generator=generator)
        return torch.stack([orders[member.seed, member.stream] for member in self._padded]).to(self._device)

    def _learning_rates(self, step: int) -> list[float]:
        progress = progress_at(step, self.steps)
        rates = []
        for slot, member in enumerate(self._padded):
            schedule = member.condition.learning_rate_schedule
            if isinstance(schedule, DistanceToCriticality):
                factor = self._reaction.factor(slot)
            else:
                factor = LEARNING_RATES[schedule](progress)
            rates.append(member.condition.learning_rate * factor)
        return rates

    def _targets(self, steps: Sequence[int]) -> Tensor:
        """Targets (steps, layers, members) of the regularized weights' sigma."""
        keys = [
            (treatment, self._reaction.progress(slot, treatment.schedule) if treatment.schedule in REACTIVE else None)
            for slot, treatment in enumerate(member.treatment for member in self._padded)
        ]
        rows = []
        for step in steps:
            by_time = progress_at(step, self.steps)
            for layer in range(1, len(self.network.regularized) + 1):
                of = {
                    (treatment, moved): self._target(treatment, by_time if moved is None else moved, layer)
                    for treatment, moved in set(keys)
                }
                rows.append([of[key] for key in keys])
        return self._per_member(rows).view(len(steps), -1, len(self._padded))

    def _target(self, treatment: Treatment, progress: float, layer: int) -> float:
        return sigma_target(
            treatment.schedule,
            progress,
            layer,
            sigma_start=treatment.sigma_start,
            sigma_end=treatment.sigma_end,
            capacity_ratio=self._capacity_ratio,
            beta=treatment.beta,
            depth_exponent=treatment.depth_exponent,
        )

    def scores(self, split: str) -> dict[str, numpy.ndarray]:
        """Accuracy, balanced accuracy and loss of each member on a split."""
        stack = self.stack(split)
        summed = numpy.zeros((len(self._padded), 2, self.condition.task.classes + 1))
        for part, passes in self.tiles(split, stack):
            summed += sums(passes.logits_MON, stack, part)
        measured = scores(summed, stack)
        return {measure: values[: len(self.members)] for measure, values in measured.items()}

    def tiles(self, split: str, stack: Stack | None = None) -> Iterator[tuple[slice, Any]]:
        """Passes that have just gone forward over each part of a split's samples, and the part."""
        stack = stack or self.stack(split)
        for start in range(0, stack.x_MJN.shape[2], TILE):
            part = slice(start, start + TILE)
            kept_as = (split, start) if split in self._stacks else None
            passes = self._passes(kept_as, stack.x_MJN[:, :, part], training=False)
            passes.forward()
            yield part, passes

    def logits(self, x_MJN: Tensor) -> Tensor:
        """Logits (members, outputs, samples) over x, whose last row is ones."""
        passes = self._passes(None, x_MJN, training=False)
        passes.forward()
        return passes.logits_MON.clone()

    def padded(self, values_M: numpy.ndarray) -> numpy.ndarray:
        """One value per member, repeated where the program is padded by repeating its last member."""
        return numpy.pad(values_M, (0, len(self._padded) - len(values_M)), mode="edge")

    def sigmas(self) -> list[numpy.ndarray]:
        """Spectral norm of each regularized weight, by layer and member."""
        norms = []
        for name, spectrum in self._spectra.items():
            if isinstance(spectrum, TrackedTopSingularValue):
                sigma_M = spectral_norms(self.parameters[name])
            else:
                spectrum()
                sigma_M = spectrum.sigma_M
            norms.append(sigma_M[: len(self.members)].double().cpu().numpy())
        return norms

    def fallbacks(self) -> list[int]:
        """Exact decompositions that each member's penalty fell back on."""
        counts = [spectrum.fallbacks for spectrum in self._tracked.values()]
        return [sum(of_layers) for of_layers in zip(*counts, strict=True)] or [0] * len(self.members)

    def targets_reached(self) -> list[numpy.ndarray]:
        """Targets of the step taken last (before the first: of the first), by layer and member."""
        if self.epoch == 0:
            self._reaction.observe(self)
        step = max(self.epoch * self.batches - 1, 0)
        return list(self._targets([step])[0, :, : len(self.members)].double().cpu().numpy())

    def note_divergence(self) -> None:
        """Notes the members whose parameters are no longer all finite, with the present epoch at the first time."""
        if self._flat.sum().isfinite():
            return
        flags_M = torch.stack([part.flatten(1).isfinite().all(dim=1) for part in self._layout.parts(self._flat)]).all(
            dim=0
        )
        for slot in (~flags_M[: len(self.members)]).nonzero().flatten().tolist():
            self.diverged.setdefault(slot, self.epoch)

    def state(self) -> dict[str, Any]:
        """All that `restore` needs for equal bits: orders derive from the epoch, so no generator has a state."""
        tensors = {"parameters": self._flat, **self._state}
        return {
            "epoch": self.epoch,
            "tensors": {name: value.cpu() for name, value in tensors.items()},
            "spectra": {name: spectrum.state() for name, spectrum in self._tracked.items()},
            "reaction": self._reaction.state(),
            "diverged": self.diverged,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Continues from a state of the same program."""
        self.epoch, self.diverged = state["epoch"], dict(state["diverged"])
        for name, value in {"parameters": self._flat, **self._state}.items():
            value.copy_(state["tensors"][name])
        for name, spectrum in self._tracked.items():
            spectrum.restore(state["spectra"][name])
        self._reaction.restore(state["reaction"])


def generator_of(member: Member, *purpose: str | int) -> torch.Generator:
    """A generator of a member's own for one purpose."""
    return torch.Generator().manual_seed(derived_seed(member.seed, *purpose, "stream", member.stream))
