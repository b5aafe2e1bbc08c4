"""Block and its parts: arms, seeds, and the members that train together."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from spectra_tune.called import called
from spectra_tune.design.condition import WHOLE, Condition, changed, flat
from spectra_tune.design.evaluations import check_evaluable, checked_evaluations
from spectra_tune.design.kept_models import KeptModels
from spectra_tune.design.names import checked_name
from spectra_tune.design.seeds import distinct_seeds
from spectra_tune.design.signature import condition_signature, run_signatures
from spectra_tune.design.treatment import Treatment
from spectra_tune.errors import InvalidStudy, at_least_one, listed, of_kind, one_of, plain, whole
from spectra_tune.probes import PROBES

STAGES = ("search", "confirm")

REPORTS = 20
"""Of a block where nothing else is asked for: of its Condition's epochs, an arm of more epochs makes more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """A Treatment and the Condition fields that the arm deliberately sets otherwise."""

    treatment: Treatment
    changes: Any = ()  # given as {field: value}, kept as sorted pairs
    stream: int = 0  # mixed into the arm's init and order draws; for A/A controls only

    def __post_init__(self):
        of_kind(self.treatment, Treatment, "an arm needs a Treatment")
        object.__setattr__(self, "changes", tuple(sorted(_changes(self.changes).items())))
        object.__setattr__(self, "stream", whole(self.stream, "stream", 0))

    def condition(self, condition: Condition) -> Condition:
        """The block's Condition with this arm's changes carried out."""
        return changed(condition, dict(self.changes))


def _changes(given: Any) -> dict[str, Any]:
    """{field: value}, each value as its Condition would keep it, so that equal changes have equal signatures."""
    try:
        changes = {name: plain(value) for name, value in dict(given).items()}
    except (TypeError, ValueError):
        raise InvalidStudy(f"changes must map fields to values, got {given!r}") from None
    return changes | {name: whole(changes[name], name, 1) for name in WHOLE if changes.get(name) is not None}


def named_arms(arms: Mapping[str, Arm | Treatment] | Iterable[tuple[str, Arm]]) -> tuple[tuple[str, Arm], ...]:
    named = dict(arms)
    if not named:
        raise InvalidStudy("at least one arm is needed, got none")
    for name, arm in named.items():
        checked_name(name, "an arm's name")
        of_kind(arm, Arm | Treatment, f"the arm {name!r} must be a Treatment or an Arm")
    return tuple((name, arm if isinstance(arm, Arm) else Arm(treatment=arm)) for name, arm in named.items())


def checked_probes(probes: Iterable[str], probed_at: Iterable[int]) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Probes by name and the epochs at which they are taken beside the end; unknown names and epochs are refused."""
    names = tuple(one_of(name, "probe", PROBES) for name in listed(probes, "probes"))
    epochs = tuple(sorted({whole(epoch, "each epoch of probed_at", 0) for epoch in listed(probed_at, "probed_at")}))
    if epochs and not names:
        raise InvalidStudy(f"probed_at says when probes are taken, got {list(epochs)} and no probes")
    return tuple(dict.fromkeys(names)), epochs


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One Condition, its arms and its seeds: what trains as one program and is one Tune trial."""

    condition: Condition
    arms: Any  # given as {name: Arm or Treatment}, kept as pairs (name, Arm) in the order given
    seeds: Any  # given as a range or list, kept as a tuple
    stage: str = "confirm"  # in "search" nothing is evaluated on test data
    probes: Any = ()  # names in probes.PROBES, taken at the end
    probed_at: Any = ()  # epochs at which they are taken, too; 0 is before the first step
    reports: int = REPORTS  # how often metrics are recorded
    evaluations: Any = ()  # Attack, Corruption or Calibration, made at the end; in "search" on validation data
    kept_models: KeptModels | None = None  # which trained networks are kept; None is none
    pictured: bool = field(default=True, metadata={"beside_content": True})
    """Whether pictures show it: what they need of its trained networks is kept then."""

    def __post_init__(self):
        object.__setattr__(self, "reports", at_least_one(self.reports, "reports"))
        probes, probed_at = checked_probes(self.probes, self.probed_at)
        object.__setattr__(self, "probes", probes)
        object.__setattr__(self, "probed_at", probed_at)
        of_kind(self.condition, Condition, "a block needs a Condition")
        object.__setattr__(self, "arms", named_arms(self.arms))
        object.__setattr__(self, "seeds", distinct_seeds(self.seeds, "seeds"))
        if not self.seeds:
            raise InvalidStudy("a block needs at least one seed, got none")
        one_of(self.stage, "stage", STAGES)
        object.__setattr__(self, "evaluations", checked_evaluations(self.evaluations))
        for one in self.evaluations:
            check_evaluable(one, self.condition.task)
        for name, arm in self.arms:
            arm.condition(self.condition)
            check_capacity(self.condition, name, arm.treatment)


def check_capacity(condition: Condition, name: str, treatment: Treatment) -> None:
    """Refuses a capacity exponent on a task without a reference width."""
    if treatment.beta != 0 and not hasattr(condition.network, "width"):
        raise InvalidStudy(
            f"arm {name!r} has beta {treatment.beta}, which needs a network with a width: set beta to 0, or give "
            f"{type(condition.network).__name__} a field width"
        )
    if treatment.beta != 0 and getattr(condition.task, "reference_width", None) is None:
        raise InvalidStudy(
            f"arm {name!r} has beta {treatment.beta}, which needs the task's reference width, and "
            f"{called(condition.task)} declares none: set beta to 0 or use a task that has one"
        )


def differing_fields(condition: Condition, treatment: Arm, baseline: Arm) -> dict[str, tuple[Any, Any]]:
    """Fields other than the Treatment that two arms of a Condition differ in, with both values."""
    one = flat(treatment.condition(condition)) | {"stream": treatment.stream}
    other = flat(baseline.condition(condition)) | {"stream": baseline.stream}
    return {name: (one[name], other[name]) for name in one if name != "network" and one[name] != other[name]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One run of a block: what the engine trains."""

    arm: str
    seed: int
    stage: str
    condition: Condition  # the block's, with the arm's changes carried out
    treatment: Treatment
    stream: int
    signature: str
    condition_signature: str  # of the block's Condition, without changes


def members(block: Block) -> tuple[Member, ...]:
    """The runs of a block, arm by arm and seed by seed."""
    key = condition_signature(block.condition)
    return tuple(
        Member(
            arm=name,
            seed=seed,
            stage=block.stage,
            condition=resolved,
            treatment=arm.treatment,
            stream=arm.stream,
            signature=signature,
            condition_signature=key,
        )
        for name, arm in block.arms
        for resolved in (arm.condition(block.condition),)
        for seed, signature in zip(
            block.seeds, run_signatures(resolved, arm.treatment, block.seeds, arm.stream), strict=True
        )
    )
