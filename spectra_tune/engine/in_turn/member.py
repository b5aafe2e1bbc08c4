"""One member as a real module with a real optimizer, under its own random state."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from math import nan
from typing import Any

import numpy
import torch
from numpy import ndarray
from torch import Tensor

from spectra_tune import objectives, penalties
from spectra_tune.design import Attack, Member
from spectra_tune.engine.in_turn.buffers import passing_buffers, put_buffers
from spectra_tune.engine.in_turn.data import Data
from spectra_tune.engine.in_turn.evaluation import outputs_over
from spectra_tune.engine.in_turn.flat import FlatParameters
from spectra_tune.engine.in_turn.optimizers import optimizer_of
from spectra_tune.engine.in_turn.phase_change import draw_head_anew, frozen
from spectra_tune.engine.in_turn.precision import pass_in_bfloat16
from spectra_tune.engine.in_turn.signals import ModuleSignals
from spectra_tune.engine.members.generators import RandomState, generator_of, seed_of
from spectra_tune.engine.members.layers import layer_names
from spectra_tune.engine.members.other_generators import seed_others
from spectra_tune.engine.members.pace import Pace
from spectra_tune.engine.members.parameters import built, digest_of_parameters
from spectra_tune.engine.members.phases import ACCURACY, PhaseLog, over_phases
from spectra_tune.engine.members.reactive_state import ReactiveState
from spectra_tune.engine.members.splits import batch_of, splits_of
from spectra_tune.engine.members.trainer import never
from spectra_tune.errors import InvalidStudy
from spectra_tune.networks.contract import check_operators, check_outputs, check_weights
from spectra_tune.objectives import objective_of, phases_of
from spectra_tune.operators.of_layer import sized
from spectra_tune.penalties.pulled import fan_scales, pulled, with_last
from spectra_tune.probes.attack import strongest

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
        self._phase, self._phases = 0, phases_of(self.task)
        self._log = PhaseLog(1, device) if self._phases > 1 else None
        self._x, self._y = data.of("train", member.seed, 0)
        with self.evaluating():
            check_outputs(condition.network, self.module, data.numbers(self._x[:CHECKED_SAMPLES]), self.task)
        self._flat = FlatParameters(self.module)
        self._optimizer = optimizer_of(condition, self.module, self._flat)
        self._follow()
        if treatment.strength > 0 and not self.followed:
            raise InvalidStudy(
                f"a penalty needs a weight to pull, {condition.network} regularizes none: name some "
                "(regularized), or take the arm away"
            )
        self._penalties = self._pulls()
        self.targeted = bool(self._penalties) and penalties.PENALTIES[treatment.penalty].targets
        self._set_batches()
        self._reactions = ReactiveState([member])
        self._signals = ModuleSignals(self.module, lambda: self._x, data.numbers, self._training_loss, self.sigmas)
        self._first_steps = self._steps_before_phases()
        self._pace = Pace([member], self._first_steps[-1], self._fans, capacity_ratio, self._reactions)
        self._frozen: list[tuple[Tensor, Tensor]] = []
        self.epoch = 0

    def _set_batches(self) -> None:
        """The size of a batch and their number, for the data of the moment."""
        self._batch = batch_of(self._member.condition, len(self._x))
        self._batches = -(-len(self._x) // self._batch)

    def _steps_before_phases(self) -> list[int]:
        """Of each phase, and behind them that of all."""
        condition, steps = self._member.condition, [0]
        for phase in range(self._phases):
            alike = phase == 0 or self.task.alike
            count = len(self._x) if alike else len(self._data.of("train", self._member.seed, phase)[1])
            steps.append(steps[-1] + condition.epochs * -(-count // batch_of(condition, count)))
        return steps

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
        of_each = self._member.condition.epochs
        while self.epoch < end:
            self._enter(self.epoch // of_each)
            self._observe()
            of_phase = (self._phase + 1) * of_each - self.epoch
            with self._random.lent():
                self._train(int(min(end - self.epoch, self._reactions.epochs_until_next(self.epoch), of_phase)), enough)
            if self._log is not None and self.epoch % of_each == 0:
                self._log.close(self.scores("test") if "test" in splits_of(self._member) else None)
            if enough():
                return

    def _enter(self, phase: int) -> None:
        """Goes on to a phase: its data, and what the curriculum makes of weights and optimizer."""
        if phase == self._phase:
            return
        if getattr(self.task, "reset", "nothing") == "head":
            draw_head_anew(self.module, self._member, phase)
        if self.task.fresh_optimizer:
            self._optimizer = optimizer_of(self._member.condition, self.module, self._flat)
        self._turn_to(phase)

    def _turn_to(self, phase: int) -> None:
        """Takes a phase's data, and holds what the curriculum freezes in it as it is now."""
        self._phase = phase
        self._x, self._y = self._data.of("train", self._member.seed, phase)
        self._set_batches()
        kept = frozen(self.module, self.task.freeze) if phase and getattr(self.task, "freeze", None) else []
        self._frozen = [(one, one.detach().clone()) for one in kept]

    def _observe(self) -> None:
        with self.evaluating():
            self._reactions.observe(self.epoch, self._signals)

    def _train(self, epochs: int, enough: Callable[[], bool]) -> None:
        self.module.train()
        for epoch in range(self.epoch, self.epoch + epochs):
            seed_others(seed_of(self._member, "module", epoch))
            first = self._first_step(epoch)
            for number, chosen in enumerate(self._places(epoch)):
                self._step(first + number, self._data.numbers(self._x[chosen]), self._y[chosen])
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
            self._step(0, self._data.numbers(self._x[few]), self._y[few])

    def _first_step(self, epoch: int) -> int:
        """Of an epoch of the phase of the moment."""
        return self._first_steps[self._phase] + (epoch - self._phase * self._member.condition.epochs) * self._batches

    def _places(self, epoch: int) -> list[Any]:
        """The samples of each of an epoch's batches: all of them, or parts of an order drawn for this epoch."""
        if self._member.condition.batch_size is None:
            return [slice(None)]
        order = torch.randperm(len(self._x), generator=generator_of(self._member, "order", epoch))
        return list(order.to(self._device).split(self._batch))

    def _step(self, number: int, x: Tensor, y: Tensor) -> None:
        if (attack := self._member.condition.adversarial) is not None:
            x = self._attacked(attack, number, x, y)
        self._flat.gradient.zero_()
        outputs = self.module(x)
        if self._log is not None:
            self._log.see((self._objective.predicted(outputs.detach()) == y).sum(), len(y))
        self._objective.loss(outputs, y).backward()
        if self._penalties:
            target_LM = self._targets(number)
            for penalty, place in zip(self._penalties, self._pulled, strict=True):
                penalty(target_LM[place])
        if self._member.condition.clip is not None:
            torch.nn.utils.clip_grad_norm_([self._flat.value], self._member.condition.clip)
        for group in self._optimizer.param_groups:
            (group["lr"],) = self._pace.learning_rates(number)
        self._optimizer.step()
        for parameter, value in self._frozen:
            parameter.data.copy_(value)

    def _attacked(self, attack: Attack, step: int, x: Tensor, y: Tensor) -> Tensor:
        """A batch as an attack on the weights of the moment makes it, in evaluation mode."""
        self.module.eval()
        worst, _ = strongest(self.module, x, y, attack, generator_of(self._member, "adversarial", step))
        self.module.train()
        return worst

    def _targets(self, step: int) -> list[Tensor]:
        """Target (1,) of each layer; of a penalty without any, zeros."""
        if not self.targeted:
            return [torch.zeros(1)] * len(self.followed)
        (by_layer,) = self._pace.targets([step])
        return [torch.tensor(of_layer, device=self._device, dtype=self._dtype) for of_layer in by_layer]

    def scores(self, split: str, phase: int | None = None) -> dict[str, float]:
        """Every metric on a split; of another phase where it is named."""
        x, y = self._data.of(split, self._member.seed, self._phase if phase is None else phase)
        with self.evaluating():
            return self._objective.scores(self._outputs(x), y)

    def _outputs(self, x: Any) -> Tensor:
        return outputs_over(self.module, x, self._data.numbers)

    def _training_loss(self) -> float:
        return self._objective.scores(self._outputs(self._x), self._y)[objective_of(self.task).loss.name]

    def of_phase(self) -> dict[str, ndarray]:
        return {} if self._log is None else self._log.at_end(self.epoch, self._member.condition.epochs)

    def over_phases(self) -> dict[str, ndarray]:
        if self._log is None:
            return {}
        seen = "test" in splits_of(self._member)
        return over_phases(self._log, self._phases, self._test_accuracy if seen else None)

    def _test_accuracy(self, phase: int) -> ndarray:
        return numpy.array([self.scores("test", phase)[ACCURACY]])

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
        target_LM = self._targets(max(self._first_step(self.epoch) - 1, 0))
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
        } | ({} if self._log is None else {"phases": self._log.state()})

    def restore(self, state: dict[str, Any]) -> None:
        """Continues from a state of the same run."""
        self.epoch = state["epoch"]
        self.module.load_state_dict(state["module"])
        if self._log is not None:
            self._log.restore(state["phases"])
            at_end = self.epoch > 0 and self.epoch % self._member.condition.epochs == 0
            self._turn_to(self._log.closed - at_end)
        put_buffers(self.module, state["passing"])
        self._optimizer.load_state_dict(state["optimizer"])
        self._random.restore(state["random"])
        for followed, its_state in zip(self.followed, state["followed"], strict=True):
            followed.restore(its_state)
        self._reactions.restore(state["reactions"])
