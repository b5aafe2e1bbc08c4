"""Condition: what all arms of a block share."""

from dataclasses import dataclass, field, fields, is_dataclass, replace
from itertools import product
from typing import Any

from spectra_tune.called import called
from spectra_tune.design.evaluations import Attack, check_evaluable
from spectra_tune.errors import (
    InvalidStudy,
    at_least_one,
    listed,
    nearest,
    not_negative,
    of_kind,
    one_of,
    positive,
    whole,
)
from spectra_tune.objectives import CLASSIFICATION, is_curriculum, objective_of, phases_of
from spectra_tune.schedules import LEARNING_RATES
from spectra_tune.schedules.distance_to_criticality import DistanceToCriticality

MUON = "muon"

OPTIMIZERS = ("adam", "adamw", "sgd", "rmsprop", MUON)
"""Names of torch.optim's optimizers with their defaults there; sgd has momentum 0.9. muon moves the matrices between
the first layer and the last, each by the spectral norm learning_rate * sqrt(out/in), and is adamw of the same learning
rate for all else (see spectra_tune/engine/members/muon.py)."""

DEVICES = ("cpu", "cuda")

PRECISIONS = ("float32", "bfloat16")

WHOLE = ("epochs", "batch_size")
"""Fields that are whole numbers."""

NEVER_CHANGED = frozenset({"task", "network", "kind", "width", "depth", "device"})
"""Fields that no arm may change: their runs would not share data, shapes or an environment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One training protocol: a task, a network and how it is optimised.

    device: the kind of device that it trains on; None is what Ray grants. One that is named changes bits, so it has a
    part in the signature; either way the environment says what it was, and no contrast spans two. precision: of the
    forward pass in training and evaluation (torch.amp); weights, losses, penalties and sigmas are float32. In bfloat16
    every network trains in turn. clip: the largest norm of a member's gradient, of all its parameters together and with
    the penalty's part, at each step (as torch.nn.utils.clip_grad_norm_ right before the optimizer's); None is no bound.
    """

    task: Any  # a constructor of spectra_tune.tasks, or an object with the contract of a task
    network: Any  # a constructor of spectra_tune.networks, or an object with the contract of a network
    optimizer: str = "adam"
    learning_rate: float = 0.01
    learning_rate_schedule: str | DistanceToCriticality = "constant"  # a name is one of schedules.LEARNING_RATES
    weight_decay: float = 0.0  # as torch.optim's optimizer of that name understands it
    epochs: int = 100  # passes over the data; of a curriculum, over those of each phase
    batch_size: int | None = None  # None is the full batch
    device: str | None = field(default=None, metadata={"later": True})  # one of DEVICES
    precision: str = field(default="float32", metadata={"later": True})  # one of PRECISIONS
    clip: float | None = field(default=None, metadata={"later": True})
    adversarial: Attack | None = field(default=None, metadata={"later": True})  # every batch as this attack makes it

    def __post_init__(self):
        _check_task(self.task)
        missing = [name for name in ("build", "regularized") if not callable(getattr(self.network, name, None))]
        if missing:
            raise InvalidStudy(
                f"network must have build and regularized, {type(self.network).__name__} lacks "
                f"{', '.join(missing)}; see spectra_tune.networks"
            )
        taken = {"kind", "stream", *(of.name for of in fields(self))} & set(hyperparameters(self.network))
        if taken:
            raise InvalidStudy(
                f"no hyperparameter may be called {', '.join(sorted(taken))}, which says something else of a run: "
                f"rename it in {kind_of(self.network)}"
            )

        def put(name: str, value: Any) -> None:
            object.__setattr__(self, name, value)

        if self.device is not None:
            put("device", one_of(self.device, "device", DEVICES))
        put("precision", one_of(self.precision, "precision", PRECISIONS))
        put("optimizer", one_of(self.optimizer, "optimizer", OPTIMIZERS))
        if not isinstance(self.learning_rate_schedule, DistanceToCriticality):
            name = one_of(self.learning_rate_schedule, "learning-rate schedule", LEARNING_RATES)
            put("learning_rate_schedule", name)
        put("learning_rate", positive(self.learning_rate, "learning_rate"))
        if self.adversarial is not None:
            of_kind(self.adversarial, Attack, "adversarial must be an Attack, or None")
            check_evaluable(self.adversarial, self.task)
        if self.clip is not None:
            put("clip", positive(self.clip, "clip"))
        put("weight_decay", not_negative(self.weight_decay, "weight_decay"))
        for name in WHOLE:
            if name != "batch_size" or self.batch_size is not None:
                put(name, at_least_one(getattr(self, name), name))
        if self.batch_size is not None:
            samples = getattr(self.task, "samples", None)
            if samples is not None and self.batch_size > samples:
                raise InvalidStudy(
                    f"a batch cannot be larger than the data: batch_size {self.batch_size}, samples {samples}; "
                    "None is the full batch"
                )

    @property
    def total_epochs(self) -> int:
        """Of all phases of a curriculum; of another task, its epochs."""
        return self.epochs * phases_of(self.task)


def _check_task(task: Any) -> None:
    """Refuses what is no task, or one that does not say its sizes."""
    if not callable(getattr(task, "draw", None)):
        raise InvalidStudy(f"task must have draw(split, seed), got {task!r}; see spectra_tune.tasks")
    if objective_of(task).name == CLASSIFICATION:
        if not hasattr(task, "classes"):
            raise InvalidStudy(
                f"task must have draw(split, seed) and classes, or say another objective, got {task!r}; see "
                "spectra_tune.tasks"
            )
        whole(task.classes, f"classes of {called(task)}", 2)
    if is_curriculum(task) and not (callable(getattr(task, "phase", None)) and objective_of(task).over_phases):
        raise InvalidStudy(
            f"a task of {task.phases} phases must have phase(number) and classes, {called(task)} has not; see "
            "spectra_tune.tasks.curricula"
        )
    if hasattr(task, "features"):
        at_least_one(task.features, "features")


def grid(**values: Any) -> tuple[Condition, ...]:
    """Every combination of the listed values of Condition's fields, the last one varying fastest."""
    known = {of.name for of in fields(Condition)}
    for name, choices in values.items():
        if name not in known:
            raise InvalidStudy(f"a Condition has no field {name!r}; {nearest(name, known)}")
        values[name] = listed(choices, f"a grid's values of {name}")
        if not values[name]:
            raise InvalidStudy(f"a grid needs at least one value of {name}, got {choices!r}")
    missing = {"task", "network"} - set(values)
    if missing:
        raise InvalidStudy(f"grid needs a list for each of task and network, got none for {', '.join(sorted(missing))}")
    return tuple(Condition(**dict(zip(values, choice, strict=True))) for choice in product(*values.values()))


def kind_of(network: Any) -> str:
    """What kind of network it is: as it says, or its class's name."""
    return getattr(network, "kind", None) or type(network).__name__


def hyperparameters(network: Any) -> dict[str, Any]:
    """A network's own hyperparameters by name, which arms change flat, beside the Condition's: those that it says, or
    its fields."""
    if callable(getattr(network, "hyperparameters", None)):
        return network.hyperparameters()
    return {of.name: getattr(network, of.name) for of in fields(network)} if is_dataclass(network) else {}


def with_hyperparameters(network: Any, **changes: Any) -> Any:
    """The network with some of its hyperparameters set otherwise."""
    own = getattr(network, "with_hyperparameters", None)
    return own(**changes) if callable(own) else replace(network, **changes)


def flat(condition: Condition) -> dict[str, Any]:
    """A Condition's fields and, beside them, those of its network: what arms may be compared in."""
    own = {of.name: getattr(condition, of.name) for of in fields(condition)}
    return own | {"kind": kind_of(condition.network)} | hyperparameters(condition.network)


def changed(condition: Condition, changes: dict[str, Any]) -> Condition:
    """The Condition with an arm's `changes` carried out; unknown or forbidden keys are refused."""
    if not changes:
        return condition
    own = {of.name for of in fields(condition)}
    of_network = set(hyperparameters(condition.network))
    allowed = (own | of_network) - NEVER_CHANGED
    for name in changes:
        if name in NEVER_CHANGED:
            raise InvalidStudy(f"no arm may change {name}: make it a field of the study's conditions instead")
        if name not in allowed:
            raise InvalidStudy(f"an arm cannot change {name!r}; {nearest(name, allowed)}")
    of_network &= set(changes)
    network = condition.network
    if of_network:
        network = with_hyperparameters(network, **{name: changes[name] for name in of_network})
    return replace(condition, network=network, **{name: changes[name] for name in changes if name in own})
