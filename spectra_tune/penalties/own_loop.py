"""SpectralPenalty: the penalty that a Treatment says, in a training loop of one's own.

Axes: M member, always one.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import Module

from spectra_tune.errors import InvalidStudy, whole
from spectra_tune.operators import Followed, Operator
from spectra_tune.operators.of_layer import needs_example, sized
from spectra_tune.operators.of_module import operators_of
from spectra_tune.penalties import PENALTIES, implement
from spectra_tune.penalties.pulled import fan_scales, pulled, with_last
from spectra_tune.schedules import REACTIVE, progress_at, sigma_target

INITIAL = "initial_"
"""Before the number of a weight whose first values are part of a state."""


class SpectralPenalty:
    """The penalty of a model's regularized weights, to be added to the loss of every step.

    What a penalty calls the initial weights (penalties/to_init.py) is what the model has when the penalty is made.
    `penalty(step)` is a scalar with a gradient; steps count from 0 to `steps` - 1, so that a schedule starts and ends
    exactly at its ends. example: one batch of inputs, which convolutions need to know the size that they see.
    regularized: names as of `spectra_tune.networks.module`, by default every layer but the last. capacity_ratio: what
    `beta` is the exponent of. Spectral norms are in float32 (of float64 weights in float64) whatever the loss is in.
    Raises InvalidStudy where the engine of the studies would.
    """

    def __init__(
        self,
        model: Module,
        treatment: Any,
        *,
        steps: int,
        example: Tensor | None = None,
        regularized: Sequence[str] | None = None,
        capacity_ratio: float | None = None,
    ):
        self.treatment, self._steps = _checked(treatment, capacity_ratio), whole(steps, "steps", 1)
        self._capacity_ratio = 1.0 if capacity_ratio is None else capacity_ratio
        module = _unwrapped(model)
        operators = with_last(module, operators_of(module, regularized), self.treatment)
        if example is None and any(needs_example(operator) for operator in operators.values()):
            raise InvalidStudy(
                "a convolution's spectral norm is that of its map on the images that it sees: give an example, "
                "a batch of inputs"
            )
        if not operators:
            raise InvalidStudy("a penalty needs a weight to pull, the model has none but the last layer's: name some")
        if example is not None:
            operators = sized(operators, module, example)
        self._operators: dict[str, Operator] = operators
        self._pulled = pulled(type(module).__name__, module, operators, self.treatment)
        self._fans = fan_scales(type(module).__name__, operators, [self.treatment])
        by_place = {id(weight): weight for operator in operators.values() for weight in operator.weights}
        self._weights = list(by_place.values())
        untrained = [name for name, one in operators.items() if not all(of.requires_grad for of in one.weights)]
        if untrained:
            raise InvalidStudy(f"what is regularized must be trained parameters, {untrained[0]!r} is not")
        self._followed: list[Followed] = []
        self._penalties: list[Any] = []
        self._bound: list[tuple[int, torch.device, torch.dtype]] = []
        self._bind()

    def _bind(self) -> None:
        """Follows the weights where they lie now: on from what was found elsewhere, anew on another device or type."""
        before, self._bound = self._bound, _places(self._weights)
        same = [one[1:] for one in before] == [one[1:] for one in self._bound]
        states = [followed.state() for followed in self._followed] if same else []
        self._values = {id(weight): _stacked(weight) for weight in self._weights}
        self._gradients = {place: torch.zeros_like(value) for place, value in self._values.items()}
        self._followed = [
            operator.follow(
                [self._values[id(weight)] for weight in operator.weights],
                [self._gradients[id(weight)] for weight in operator.weights],
            )
            for operator in self._operators.values()
        ]
        for followed, state in zip(self._followed if states else (), states, strict=True):
            followed.restore(state)
        penalty = implement(self.treatment.penalty).Penalty
        initial = self._initial()
        self._penalties = [
            penalty(
                followed,
                followed.sigma_M.new_full((1,), self.treatment.strength),
                torch.tensor([self.treatment.one_sided], device=followed.sigma_M.device),
                self.treatment.power,
            )
            for followed in self._followed
        ]
        self._put_initial(initial)

    def _initial(self) -> list[list[Tensor]]:
        """What each penalty goes by of the weights that it was made with; nothing of one that goes by none."""
        if not PENALTIES[self.treatment.penalty].initial:
            return []
        return [penalty.initial for penalty in self._penalties]

    def _put_initial(self, initial: Sequence[Sequence[Tensor]]) -> None:
        for penalty, kept in zip(self._penalties if initial else (), initial, strict=True):
            for here, there in zip(penalty.initial, kept, strict=True):
                here.copy_(there)

    def _renew(self) -> None:
        """Has what is followed lie where the weights do, with their numbers."""
        if _places(self._weights) != self._bound:
            self._bind()
        for weight in self._weights:
            value = self._values[id(weight)]
            if value.data_ptr() != weight.data_ptr():
                value[0].copy_(weight.detach())

    def __call__(self, step: int) -> Tensor:
        """The penalty at a step, a scalar (): its gradient is that of the engine."""
        targets = self.targets(step)
        device = self._weights[0].device
        with torch.no_grad(), torch.autocast(device.type, enabled=False):
            self._renew()
            for gradient in self._gradients.values():
                gradient.zero_()
            value = torch.zeros((), device=device)
            if self.treatment.strength > 0:
                of_layer = list(targets.values())
                for place in self._pulled:
                    penalty, target = self._penalties[place], of_layer[place]
                    target_M = self._followed[place].sigma_M.new_full((1,), 0.0 if target is None else target)
                    value = value + penalty.value(target_M)[0].to(device)
                    penalty.pull(target_M)
        if not torch.is_grad_enabled():
            return value
        return _WithGradient.apply(value, [self._gradients[id(one)][0] for one in self._weights], *self._weights)

    def sigmas(self) -> dict[str, float]:
        """The spectral norm of each regularized weight now, by its name; without an effect on the training."""
        device = self._weights[0].device
        with torch.no_grad(), torch.autocast(device.type, enabled=False):
            self._renew()
            return {
                name: float(followed.measured()) for name, followed in zip(self._operators, self._followed, strict=True)
            }

    def targets(self, step: int) -> dict[str, float | None]:
        """The target of each sigma at a step; None where nothing is pulled to one."""
        step = whole(step, "step, counted from 0,", 0, self._steps - 1)
        of = self.treatment
        if of.strength == 0 or not PENALTIES[of.penalty].targets:
            return dict.fromkeys(self._operators)
        found = {
            name: sigma_target(
                of.schedule,
                progress_at(step, self._steps),
                layer,
                sigma_start=of.sigma_start,
                sigma_end=of.sigma_end,
                knots=of.knots,
                capacity_ratio=self._capacity_ratio,
                beta=of.beta,
                depth_exponent=of.depth_exponent,
                scale=self._fans[layer - 1],
            )
            for layer, name in enumerate(self._operators, start=1)
        }
        return {name: found[name] if place in self._pulled else None for place, name in enumerate(self._operators)}

    @property
    def fallbacks(self) -> int:
        """Exact decompositions that following the weights fell back on."""
        return sum(sum(followed.fallbacks) for followed in self._followed)

    def state_dict(self) -> dict[str, dict[str, Tensor]]:
        """What a later call goes on from with equal bits, by the regularized weights' names."""
        found = {
            name: {key: value.clone() for key, value in followed.state().items()}
            for name, followed in zip(self._operators, self._followed, strict=True)
        }
        for name, initial in zip(self._operators, self._initial(), strict=False):
            found[name] |= {f"{INITIAL}{number}": value.clone() for number, value in enumerate(initial)}
        return found

    def load_state_dict(self, state: Mapping[str, Mapping[str, Tensor]]) -> None:
        """Continues from the state of a penalty on an equal model."""
        if set(state) != set(self._operators):
            raise InvalidStudy(
                f"a penalty's state must be of the same weights, {', '.join(self._operators)}, got {', '.join(state)}"
            )
        initial = [[value for key, value in state[name].items() if key.startswith(INITIAL)] for name in self._operators]
        if [len(one) for one in initial] != ([len(one) for one in self._initial()] or [0] * len(initial)):
            raise InvalidStudy(
                f"a penalty's state must be of the same penalty, {self.treatment.penalty!r}, "
                f"got one {'with' if any(initial) else 'without'} initial weights"
            )
        self._put_initial(initial if any(initial) else [])
        for name, followed in zip(self._operators, self._followed, strict=True):
            followed.restore({key: value for key, value in state[name].items() if not key.startswith(INITIAL)})


class _WithGradient(torch.autograd.Function):
    """A value whose gradients by some weights are known."""

    @staticmethod
    def forward(ctx: Any, value: Tensor, gradients: list[Tensor], *weights: Tensor) -> Tensor:
        ctx.gradients = [one.to(weight, copy=True) for one, weight in zip(gradients, weights, strict=True)]
        return value.clone()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *of_value: Tensor) -> Any:
        return None, None, *(of_value[0].to(one) * one for one in ctx.gradients)


def _checked(treatment: Any, capacity_ratio: float | None) -> Any:
    """The Treatment, if it can be carried out by a step's number alone."""
    if not hasattr(treatment, "strength") or getattr(treatment, "penalty", None) not in PENALTIES:
        raise InvalidStudy(f"a penalty is what a Treatment says, got {type(treatment).__name__}")
    if treatment.schedule in REACTIVE:
        raise InvalidStudy(
            f"schedule {treatment.schedule!r} reacts to signals that the engine observes: choose one that moves by time"
        )
    if treatment.beta != 0 and capacity_ratio is None:
        raise InvalidStudy("beta is an exponent of the capacity ratio, which is not known here: give capacity_ratio")
    return treatment


def _unwrapped(model: Module) -> Module:
    """The module itself, without torch's wrappers around it."""
    kinds = (torch.nn.DataParallel, torch.nn.parallel.DistributedDataParallel)
    while True:
        if hasattr(model, "_orig_mod"):
            model = model._orig_mod  # type: ignore[assignment]
        elif isinstance(model, kinds):
            model = model.module
        else:
            return model


def _places(weights: Sequence[Tensor]) -> list[tuple[int, torch.device, torch.dtype]]:
    return [(weight.data_ptr(), weight.device, weight.dtype) for weight in weights]


def _stacked(weight: Tensor) -> Tensor:
    """A stack of one: the weight's own memory, or a copy in float32 of half precision."""
    own = weight.detach()
    return (own if own.dtype in (torch.float32, torch.float64) else own.float()).unsqueeze(0)
