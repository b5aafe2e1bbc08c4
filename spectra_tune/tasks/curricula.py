"""Curricula: tasks whose data change from phase to phase, while the network, and as declared its optimizer, goes on.

A curriculum has `phases`, how many, and `phase(number)`, the task of each from 0 on, all of one shape and number of
classes. As a task it is its last phase. A Condition's epochs are passes over each phase's data.
"""

from dataclasses import dataclass, replace
from typing import Any

from spectra_tune.called import called
from spectra_tune.errors import InvalidStudy, listed, one_of, true_or_false, whole
from spectra_tune.objectives import CLASSIFICATION, is_curriculum, objective_of
from spectra_tune.tasks.task import is_one_split, shape_of
from spectra_tune.tasks.wrapped import Wrapped

RESETS = ("head", "nothing")
"""What a transfer draws anew before its second phase."""

FEW = 3
"""Phases of a curriculum in small."""

OF_EQUAL_SHARE = {"train": 0.75, "validation": 0.5, "test": 0.5}
"""Of samples / classes, that `split` takes of every class, so that all phases and seeds have equally many."""


def permuted(
    task: Any, *, phases: int, pixels: bool = True, labels: bool = True, fresh_optimizer: bool = False
) -> "Permuted":
    """A task again and again, its inputs' numbers and its classes in a new order in each phase, drawn by the seed.

    pixels, labels: which of the two. fresh_optimizer: whether the optimizer's state begins anew with each phase.
    Source: Goodfellow et al. 2013; Dohare et al. 2024.
    """
    _check(task, "permuted")
    pixels, labels = true_or_false(pixels, "pixels"), true_or_false(labels, "labels")
    if not pixels and not labels:
        raise InvalidStudy("permuted changes nothing: pixels or labels, or both, must be True")
    return Permuted(of=task, pixels=pixels, labels=labels, **_common(phases, fresh_optimizer))


def drifting(task: Any, *, phases: int, share: float = 0.1, fresh_optimizer: bool = False) -> "Drifting":
    """A task whose inputs change little by little: with each phase another `share` of its numbers change places.

    Which ones is drawn by the seed. The first phase is the task itself.
    """
    _check(task, "drifting")
    if isinstance(share, bool) or not isinstance(share, int | float) or not 0 < share <= 1:
        raise InvalidStudy(f"share must be a number above 0, at most 1, got {share!r}")
    return Drifting(of=task, share=float(share), **_common(phases, fresh_optimizer))


def split(task: Any, *, classes_per_phase: int, fresh_optimizer: bool = False) -> "Split":
    """A task's classes a few at a time, in an order drawn by the seed; one head has outputs for all.

    Three quarters of an equal share of every class are drawn by the seed to train on, half of one to validate and to
    test, so that all phases and seeds have equally many samples.
    """
    _check(task, "split")
    each = whole(classes_per_phase, f"classes_per_phase, of {task.classes} classes,", 1, task.classes)
    if task.classes % each or each == task.classes:
        raise InvalidStudy(f"classes_per_phase must divide the {task.classes} classes of {called(task)}, got {each}")
    if each == 1:
        raise InvalidStudy("a phase must have two classes at least, got classes_per_phase=1")
    return Split(of=task, each=each, **_common(task.classes // each, fresh_optimizer))


def transfer(
    source: Any,
    target: Any,
    *,
    samples: int | None = None,
    reset: str = "head",
    freeze: tuple[str, ...] | None = None,
    fresh_optimizer: bool = True,
) -> "Transfer":
    """Training on one task, then on `samples` (None: all) training samples of another, drawn by the seed.

    reset: "head" draws the last layer anew before the second phase, "nothing" keeps it. freeze: names of parameters, or
    of what they lie in, with * for anything, that the second phase leaves as they are: ("body",) is all but the head.
    Both tasks have samples of one shape; the outputs are those of the one with more classes.
    """
    _check(source, "transfer")
    _check(target, "transfer")
    if shape_of(source) != shape_of(target):
        raise InvalidStudy(
            f"transfer needs samples of one shape, {called(source)} has {shape_of(source)} and {called(target)} "
            f"{shape_of(target)}"
        )
    if samples is not None:
        samples = whole(samples, "samples, where it is not None,", 2)
    if freeze is not None:
        freeze = tuple(listed(freeze, "freeze"))
        if not freeze or not all(isinstance(name, str) for name in freeze):
            raise InvalidStudy(f"freeze must be names of parameters, or None, got {list(freeze)}")
    return Transfer(
        of=target,
        source=source,
        first_samples=samples,
        reset=one_of(reset, "reset", RESETS),
        freeze=freeze,
        **_common(2, fresh_optimizer),
    )


def _check(task: Any, what: str) -> None:
    if objective_of(task).name != CLASSIFICATION:
        raise InvalidStudy(f"{what} needs classes, the objective of {called(task)} is {objective_of(task).name}")
    if getattr(task, "vocabulary", None) is not None or shape_of(task) is None:
        raise InvalidStudy(f"{what} needs samples of numbers whose shape the task says, {called(task)} has none")
    if is_curriculum(task):
        raise InvalidStudy(f"{what} needs a task of one phase, {called(task)} has {task.phases}")


def _common(phases: int, fresh_optimizer: bool) -> dict[str, Any]:
    return {
        "phases": whole(phases, "phases", 2),
        "fresh_optimizer": true_or_false(fresh_optimizer, "fresh_optimizer"),
    }


@dataclass(frozen=True, kw_only=True)
class Curriculum(Wrapped):
    """What all curricula have."""

    phases: int
    fresh_optimizer: bool

    fixed = False  # the seed draws what changes
    alike = True  # all phases have equally many samples
    free = True  # there may be any number of phases
    true_labels = None

    @property
    def one_split(self) -> bool:
        return is_one_split(self.of)

    def phase(self, number: int) -> "Phase":
        """The task of a phase, from 0 on."""
        return Phase(of=self, number=whole(number, "phase", 0, self.phases - 1))

    def in_small(self) -> "Curriculum":
        """The same of few phases, where their number is free."""
        return replace(self, phases=min(self.phases, FEW)) if self.free else self

    def draw(self, split: str, seed: int) -> tuple[Any, Any]:
        """Of the last phase."""
        return self.drawn(self.phases - 1, split, seed)

    def drawn(self, number: int, split: str, seed: int) -> tuple[Any, Any]:
        """x and y of a phase."""
        raise NotImplementedError

    def _said(self, *arguments: str) -> str:
        shown = [*arguments, *(["fresh_optimizer=True"] if self.fresh_optimizer else [])]
        return f"{type(self).__name__.lower()}({', '.join(shown)})"


@dataclass(frozen=True, kw_only=True)
class Phase(Wrapped):
    """One phase of a curriculum, as a task."""

    number: int

    phases = 1

    def draw(self, split: str, seed: int) -> tuple[Any, Any]:
        return self.of.drawn(self.number, split, seed)

    def __str__(self) -> str:
        return f"phase {self.number + 1} of {self.of}"


@dataclass(frozen=True, kw_only=True)
class Permuted(Curriculum):
    """See `permuted`."""

    pixels: bool
    labels: bool

    def drawn(self, number: int, split: str, seed: int) -> tuple[Any, Any]:
        from spectra_tune.tasks.phase_data import permuted

        x, y = self.of.draw(split, seed)
        return permuted(x, y, seed, number, self.of.classes if self.labels else None, self.pixels)

    def __str__(self) -> str:
        kept = [f"{name}=False" for name in ("pixels", "labels") if not getattr(self, name)]
        return self._said(called(self.of), f"phases={self.phases}", *kept)


@dataclass(frozen=True, kw_only=True)
class Drifting(Curriculum):
    """See `drifting`."""

    share: float

    def drawn(self, number: int, split: str, seed: int) -> tuple[Any, Any]:
        from spectra_tune.tasks.phase_data import drifted

        x, y = self.of.draw(split, seed)
        return drifted(x, seed, number, self.share), y

    def __str__(self) -> str:
        return self._said(called(self.of), f"phases={self.phases}", f"share={self.share:g}")


@dataclass(frozen=True, kw_only=True)
class Split(Curriculum):
    """See `split`."""

    each: int

    free = False

    @property
    def samples(self) -> int:
        """Training points of a phase."""
        return self.each * self._of_class("train", self.of.samples)

    def _of_class(self, split: str, samples: int) -> int:
        return int(OF_EQUAL_SHARE[split] * samples / self.of.classes)

    def drawn(self, number: int, split: str, seed: int) -> tuple[Any, Any]:
        from spectra_tune.tasks.phase_data import of_classes, order_of_classes

        x, y = self.of.draw(split, seed)
        chosen = order_of_classes(seed, self.of.classes)[number * self.each : (number + 1) * self.each]
        try:
            return of_classes(x, y, split, seed, chosen, self._of_class(split, len(y)))
        except InvalidStudy as error:
            raise InvalidStudy(f"{called(self.of)} cannot be split, {error}") from None

    def __str__(self) -> str:
        return self._said(called(self.of), f"classes_per_phase={self.each}")


@dataclass(frozen=True, kw_only=True)
class Transfer(Curriculum):
    """See `transfer`. Its networks train in turn."""

    source: Any
    first_samples: int | None
    reset: str
    freeze: tuple[str, ...] | None

    alike = free = False

    @property
    def classes(self) -> int:
        return max(self.source.classes, self.of.classes)

    @property
    def samples(self) -> int:
        """Training points of the phase that has more."""
        target = self.of.samples if self.first_samples is None else self.first_samples
        return max(self.source.samples, target)

    def drawn(self, number: int, split: str, seed: int) -> tuple[Any, Any]:
        if number == 0:
            return self.source.draw(split, seed)
        x, y = self.of.draw(split, seed)
        if split != "train" or self.first_samples is None:
            return x, y
        if self.first_samples > len(y):
            raise InvalidStudy(f"transfer cannot take {self.first_samples} samples of {called(self.of)}: {len(y)}")
        from spectra_tune.tasks.phase_data import some

        return some(x, y, seed, self.first_samples)

    def __str__(self) -> str:
        some = [] if self.first_samples is None else [f"samples={self.first_samples}"]
        some += [] if self.reset == "head" else [f"reset={self.reset!r}"]
        some += [] if self.freeze is None else [f"freeze={self.freeze!r}"]
        kept = [] if self.fresh_optimizer else ["fresh_optimizer=False"]
        return f"transfer({', '.join([called(self.source), called(self.of), *some, *kept])})"
