"""One member as a real module with a real optimizer, under its own random state."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from math import nan
from typing import Any

import torch
from torch import Tensor

from spectra_tune import objectives, penalties
from spectra_tune.design import Member
from spectra_tune.engine.in_turn.buffers import passing_buffers, put_buffers
from spectra_tune.engine.in_turn.data import Data
from spectra_tune.engine.in_turn.evaluation import outputs_over
from spectra_tune.engine.in_turn.flat import FlatParameters
from spectra_tune.engine.in_turn.optimizers import OPTIMIZERS
from spectra_tune.engine.in_turn.precision import pass_in_bfloat16
from spectra_tune.engine.in_turn.signals import ModuleSignals
from spectra_tune.engine.members.generators import RandomState, generator_of, seed_of, seed_others
from spectra_tune.engine.members.layers import layer_names
from spectra_tune.engine.members.pace import Pace
from spectra_tune.engine.members.parameters import built, digest_of_parameters
from spectra_tune.engine.members.reactive_state import ReactiveState
from spectra_tune.engine.members.splits import batch_of
from spectra_tune.engine.members.trainer import never
from spectra_tune.errors import InvalidStudy
from spectra_tune.networks.contract import check_operators, check_outputs, check_weights
from spectra_tune.objectives import objective_of
from spectra_tune.operators.of_layer import sized
from spectra_tune.penalties.pulled import fan_scales, pulled, with_last

CHECKED_SAMPLES = 8
"""That a module is tried on before it trains."""


class MemberInTurn:
    """One run in training; nothing of it is shared with another."""

    def __init__(self, member: Member, data: Data, capacity_ratio: float, device: str, dtype: torch.dtype):
        self._member, self._data, self._device, self._dtype = member, data, device, dtype
        condition, treatment = member.condition, member.treatment
        self.task, self._objective = condition.task, objectives.implement(objective_of(condition.task))
        module = built(member)
        check_weights(condition.network, module)
        self.init_digest = digest_of_parameters(dict(module.named_parameters()))
        self.module = module.to(device, dtype)
        if condition.precision == "bfloat16":
            pass_in_bfloat16(self.module, device)
        self._random = RandomState(seed_of(member, "module"), device)
        self._x, self._y = data.of("train", member.seed)
        with self.evaluating():
            check_outputs(condition.network, self.module, data.numbers(self._x[:CHECKED_SAMPLES]), self.task)
        self._flat = FlatParameters(self.module)
        self._optimizer = OPTIMIZERS[condition.optimizer](
            [self._flat.value], condition.learning_rate, condition.weight_decay
        )
        self._follow()
        if treatment.strength > 0 and not self.followed:
            raise InvalidStudy(
                f"a penalty needs a weight to pull, {condition.network} regularizes none: name some "
                "(regularized), or take the arm away"
            )
        self._penalties = self._pulls()
        self.targeted = bool(self._penalties) and penalties.PENALTIES[treatment.penalty].targets
        self._batch = batch_of(condition, len(self._x))
        self._batches = -(-len(self._x) // self._batch)
        self._reactions = ReactiveState([member])
        self._signals = ModuleSignals(self.module, self._x, data.numbers, self._training_loss, self.sigmas)
        self._pace = Pace([member], condition.epochs * self._batches, self._fans, capacity_ratio, self._reactions)
        self.epoch = 0

    def _follow(self) -> None:
        """Binds each regularized operator to its weights and their gradients."""
        network, treatment = self._member.condition.network, self._member.treatment
        operators = network.regularized(self.module)
        check_operators(network, self.module, operators)
        operators = with_last(self.module, operators, treatment)
        with self.evaluating():
            operators = sized(operators, self.module, self._data.numbers(self._x[:1]))
        self.layers = layer_names(network, operators)
        self._pulled = pulled(network, self.module, operators, treatment)
        self._fans = fan_scales(network, operators, [treatment])
        self.followed = [
            operator.follow(
                [weight.detach().unsqueeze(0) for weight in operator.weights],
                [self._flat.gradient_of(weight).unsqueeze(0) for weight in operator.weights],
            )
            for operator in operators.values()
        ]

    def _pulls(self) -> list[Any]:
        """A penalty for each operator that is pulled; none where the Treatment has no strength."""
        treatment = self._member.treatment
        if treatment.strength == 0:
            return []
        strength_M = torch.tensor([treatment.strength], device=self._device, dtype=self._dtype)
        one_sided_M = torch.tensor([treatment.one_sided], device=self._device)
        penalty = penalties.implement(treatment.penalty).Penalty
        return [penalty(self.followed[place], strength_M, one_sided_M, treatment.power) for place in self._pulled]

    def evaluating(self) -> AbstractContextManager[None]:
        """Lends the member's random state for an evaluation, which leaves no trace on it."""
        seed_others(seed_of(self._member, "module", "evaluation"))
        return self._random.lent(kept=False)

    def train(self, epochs: int, enough: Callable[[], bool] = never) -> None:
        """Trains for so many epochs more; for fewer where there is `enough` after one."""
        end = self.epoch + epochs
        while self.epoch < end:
            self._observe()
            with self._random.lent():
                self._train(int(min(end - self.epoch, self._reactions.epochs_until_next(self.epoch))), enough)
            if enough():
                return

    def _observe(self) -> None:
        with self.evaluating():
            self._reactions.observe(self.epoch, self._signals)

    def _train(self, epochs: int, enough: Callable[[], bool]) -> None:
        self.module.train()
        for epoch in range(self.epoch, self.epoch + epochs):
            seed_others(seed_of(self._member, "module", epoch))
            for number, chosen in enumerate(self._places(epoch)):
                self._step(epoch * self._batches + number, self._x[chosen], self._y[chosen])
            self.epoch += 1
            if enough():
                return

    def rehearse(self, samples: int) -> None:
        """Trains for a step of at most so many samples: what would raise in training raises here."""
        self._observe()
        few = slice(min(samples, self._batch))
        self.module.train()
        with self._random.lent():
            seed_others(seed_of(self._member, "module", 0))
            self._step(0, self._x[few], self._y[few])

    def _places(self, epoch: int) -> list[Any]:
        """The samples of each of an epoch's batches: all of them, or parts of an order drawn for this epoch."""
        if self._member.condition.batch_size is None:
            return [slice(None)]
        order = torch.randperm(len(self._x), generator=generator_of(self._member, "order", epoch))
        return list(order.to(self._device).split(self._batch))

    def _step(self, number: int, x: Tensor, y: Tensor) -> None:
        self._flat.gradient.zero_()
        self._objective.loss(self.module(self._data.numbers(x)), y).backward()
        if self._penalties:
            target_LM = self._targets(number)
            for penalty, place in zip(self._penalties, self._pulled, strict=True):
                penalty(target_LM[place])
        for group in self._optimizer.param_groups:
            (group["lr"],) = self._pace.learning_rates(number)
        self._optimizer.step()

    def _targets(self, step: int) -> list[Tensor]:
        """Target (1,) of each layer; of a penalty without any, zeros."""
        if not self.targeted:
            return [torch.zeros(1)] * len(self.followed)
        (by_layer,) = self._pace.targets([step])
        return [torch.tensor(of_layer, device=self._device, dtype=self._dtype) for of_layer in by_layer]

    def scores(self, split: str) -> dict[str, float]:
        """Every metric on a split."""
        x, y = self._data.of(split, self._member.seed)
        with self.evaluating():
            return self._objective.scores(self._outputs(x), y)

    def _outputs(self, x: Any) -> Tensor:
        return outputs_over(self.module, x, self._data.numbers)

    def _training_loss(self) -> float:
        return self._objective.scores(self._outputs(self._x), self._y)[objective_of(self.task).loss.name]

    def sigmas(self) -> list[float]:
        """Spectral norm of each regularized weight; what follows it in training is not disturbed."""
        return [float(followed.measured()) for followed in self.followed]

    def fallbacks(self) -> int:
        """Exact decompositions that following the operators fell back on."""
        return sum(sum(followed.fallbacks) for followed in self.followed)

    def targets_reached(self) -> list[float]:
        """Target of each layer at the step taken last, before the first: of the first; NaN where nothing is pulled."""
        if self.epoch == 0:
            self._observe()
        target_LM = self._targets(max(self.epoch * self._batches - 1, 0))
        return [float(target_M) if place in self._pulled else nan for place, target_M in enumerate(target_LM)]

    def finite(self) -> bool:
        """Whether all parameters are finite."""
        return self._flat.finite()

    def state(self) -> dict[str, Any]:
        """All that `restore` needs for equal bits: orders derive from the epoch."""
        return {
            "epoch": self.epoch,
            "module": {name: value.cpu().clone() for name, value in self.module.state_dict().items()},
            "passing": {name: value.cpu().clone() for name, value in passing_buffers(self.module).items()},
            "optimizer": self._optimizer.state_dict(),
            "random": self._random.state(),
            "followed": [followed.state() for followed in self.followed],
            "reactions": self._reactions.state(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Continues from a state of the same run."""
        self.epoch = state["epoch"]
        self.module.load_state_dict(state["module"])
        put_buffers(self.module, state["passing"])
        self._optimizer.load_state_dict(state["optimizer"])
        self._random.restore(state["random"])
        for followed, its_state in zip(self.followed, state["followed"], strict=True):
            followed.restore(its_state)
        self._reactions.restore(state["reactions"])
