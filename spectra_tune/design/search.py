"""Search: how both sides of a study's contrasts are tuned, with equal means, before fresh seeds confirm."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, cast

from spectra_tune.design.treatment import KNOTS, Treatment
from spectra_tune.errors import InvalidStudy, at_least_one, nearest, one_of, plain, whole

SAMPLERS = ("tpe", "gp", "nsga2", "random", "grid")
"""Of Optuna: tree-structured Parzen estimators (multivariate), Gaussian processes, a genetic search of outcome against
parameter count, independent draws, every point."""

SCHEDULERS = {"asha": ("tpe", "random", "grid"), "median": ("tpe", "random", "grid"), "racing": ("random", "grid")}
"""What may stop a configuration early, and the samplers that it goes with: a race needs its field at the start, and a
Gaussian process would fit the values of stopped configurations as if they were final."""

OBJECTIVES = ("mean", "lower_bound")
"""Of a side's own validation outcome over the search seeds: its mean, or the lower end of its 95 % t interval."""

TREATMENT_FIELDS = (*(item.name for item in fields(Treatment) if item.name != "knots"), *KNOTS)
"""What of a Treatment may be tuned: its fields, of its knots each by itself."""

FIXED = {
    "task": "tasks are strata: list them as conditions",
    "network": "networks are strata: list them as conditions",
    "kind": "networks are strata: list them as conditions",
    "epochs": "both sides get the same epochs: list them as conditions",
}
"""What no side may tune, and what to do instead."""

STRATA = ("width", "depth")
"""Fields of a network that spaces may list: each value is a stratum of its own, never traded against the others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dimension:
    """One factor's range, read from a Ray Tune domain: numbers low … high, both included, or choices."""

    low: float | None = None
    high: float | None = None
    log: bool = False
    step: float | None = None  # of quantised numbers, counted from low
    whole: bool = False  # numbers are integers
    choices: tuple[Any, ...] = ()

    def __contains__(self, value: Any) -> bool:
        if self.choices:
            return value in self.choices
        if self.low is None or self.high is None or isinstance(value, bool) or not isinstance(value, int | float):
            return False
        return self.low <= value <= self.high and (not self.whole or value == int(value))

    @property
    def ends(self) -> tuple[Any, Any]:
        """Two points that what a declaration checks can be tried on."""
        return (self.choices[0], self.choices[-1]) if self.choices else (self.low, self.high)

    @property
    def points(self) -> tuple[Any, ...] | None:
        """All values; None where there are infinitely many."""
        if self.choices or self.low is None or self.high is None or (self.step is None and not self.whole):
            return self.choices or None
        step = self.step or 1
        count = math.floor((self.high - self.low) / step + 1e-9) + 1
        values = [self.low + at * step for at in range(count)]
        return tuple(int(value) if self.whole else value for value in values)

    def __str__(self) -> str:
        if self.choices:
            return "one of " + ", ".join(map(str, self.choices))
        return (
            f"{self.low:g} … {self.high:g}{', log' if self.log else ''}{f', step {self.step:g}' if self.step else ''}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """Scientific factors belong to the treatment, nuisance factors to both sides; everything else is fixed.

    Each side of each stratum (a Condition of the study) gets the same number of configurations, seeds and epochs, the
    same nuisance space, sampler and scheduler.
    """

    treatment_space: Any  # given as {field of Treatment: Ray Tune domain}, kept as sorted pairs (name, Dimension)
    nuisance_space: Any = ()  # given as {field of Condition or network: Ray Tune domain}, kept likewise
    competitor_space: Any = field(default=(), metadata={"later": True})
    """Of baselines that have a Treatment of their own: as treatment_space is for the treatment side."""
    configurations: int  # per side and stratum
    sampler: str = "tpe"
    scheduler: str | None = None
    objective: str = "mean"
    batch: int = 4  # configurations that a side is given before it sees the results of any of them
    seed: int = 0  # of the sampler
    strata: tuple[tuple[str, tuple[int, ...]], ...] = ()  # widths and depths, taken out of the spaces

    def __post_init__(self):
        strata = dict(self.strata)
        for what in ("treatment_space", "nuisance_space", "competitor_space"):
            space = dict(_space(getattr(self, what), what))
            strata |= {name: _points(name, space.pop(name)) for name in STRATA if name in space}
            object.__setattr__(self, what, tuple(space.items()))
        object.__setattr__(self, "strata", tuple(sorted(strata.items())))
        for name in ("configurations", "batch"):
            object.__setattr__(self, name, at_least_one(getattr(self, name), name))
        object.__setattr__(self, "seed", whole(self.seed, "a search's seed", 0, 2**32 - 1))
        if not self.treatment_space and not self.nuisance_space:
            raise InvalidStudy("a search needs a space, got an empty treatment_space and an empty nuisance_space")
        for what in ("treatment_space", "competitor_space"):
            for name, _ in getattr(self, what):
                if name in FIXED:
                    raise InvalidStudy(f"{what} has {name!r}, but {FIXED[name]}")
                if name not in TREATMENT_FIELDS:
                    raise InvalidStudy(f"a Treatment has no field {name!r}; {nearest(name, TREATMENT_FIELDS)}")
        for name, _ in self.nuisance_space:
            if name in FIXED:
                raise InvalidStudy(f"nuisance_space has {name!r}, but {FIXED[name]}")
            if name in TREATMENT_FIELDS:
                raise InvalidStudy(
                    f"nuisance_space has {name!r}, a field of Treatment, which a baseline has none of: "
                    "move it to treatment_space, and of baselines that have one to competitor_space"
                )
        one_of(self.sampler, "sampler", SAMPLERS)
        if self.scheduler is not None:
            one_of(self.scheduler, "scheduler", SCHEDULERS)
        self._check_scheduler()
        if self.objective not in OBJECTIVES:
            raise InvalidStudy(
                "the objective is each side's own validation outcome over the search seeds, its 'mean' or its "
                f"'lower_bound', got {self.objective!r}: training and test data select nothing, and a gain would be "
                "largest where the baseline is crippled"
            )

    def _check_scheduler(self) -> None:
        if self.scheduler is not None and self.sampler not in SCHEDULERS[self.scheduler]:
            raise InvalidStudy(
                f"scheduler {self.scheduler!r} goes with the samplers {', '.join(SCHEDULERS[self.scheduler])}, "
                f"got {self.sampler!r}"
            )
        if self.sampler == "grid":
            for name, dimension in (*self.treatment_space, *self.nuisance_space):
                if dimension.points is None:
                    raise InvalidStudy(f"sampler 'grid' needs finitely many values, {name} has {dimension}: use choice")
            points = math.prod(len(dimension.points or ()) for _, dimension in self.space("treatment"))
            if self.configurations != points:
                raise InvalidStudy(
                    f"sampler 'grid' takes every point: configurations must be {points}, got {self.configurations}"
                )

    def space(self, side: str, treated: bool = False) -> tuple[tuple[str, Dimension], ...]:
        """What a side ("treatment" or "baseline") tunes; treated: whether the baseline has a Treatment of its own."""
        own = self.treatment_space if side == "treatment" else self.competitor_space if treated else ()
        return (*own, *self.nuisance_space)

    @property
    def nuisance(self) -> frozenset[str]:
        """Names of the tuned fields in which the two sides may come to differ beside the Treatment."""
        return frozenset(name for name, _ in self.nuisance_space)


def _space(given: Any, what: str) -> tuple[tuple[str, Dimension], ...]:
    """Sorted pairs (name, Dimension) of a mapping to Ray Tune domains, or of what this made before."""
    if not isinstance(given, Mapping | tuple):
        raise InvalidStudy(f"{what} must map field names to Ray Tune domains, got {given!r}")
    space = dict(cast("Mapping[str, Any]", given))
    return tuple((name, _dimension(name, domain)) for name, domain in sorted(space.items()))


def _points(name: str, dimension: Dimension) -> tuple[int, ...]:
    if dimension.points is None:
        raise InvalidStudy(f"each {name} is a stratum of its own: list them with choice, got {dimension}")
    return dimension.points


def _without_text(value: Any) -> bool:
    """Whether what is printed of a value is where it lies in memory, or code: no record could say what it was."""
    return callable(value) or " at 0x" in repr(value)


def _in_words(domain: object) -> str:
    """What was given in the place of a range or a choice; of what has no text of its own, what it is."""
    if not _without_text(domain):
        return repr(domain)
    if callable(getattr(domain, "func", None)):
        return "one that a function draws (sample_from)"
    kind, sampler = type(domain), getattr(domain, "sampler", None)
    if sampler is not None:
        inner = type(getattr(sampler, "sampler", sampler)).__name__.strip("_")
        return f"a {kind.__name__} drawn by {inner}"
    if callable(domain):
        return f"the function {getattr(domain, '__name__', kind.__name__)}"
    return f"an object of the class {kind.__qualname__}"


def _dimension(name: str, domain: Any) -> Dimension:
    """A Ray Tune domain as a Dimension; this module knows Ray only by the names of its attributes."""
    if isinstance(domain, Dimension):
        return domain
    categories = getattr(domain, "categories", None)
    if categories is not None:
        if not categories or len(set(map(repr, categories))) != len(categories):
            raise InvalidStudy(f"the choices of {name} must be distinct and at least one, got {list(categories)}")
        for choice in categories:
            if _without_text(choice):
                raise InvalidStudy(
                    f"each choice of {name} must be a value that can be written down, got {_in_words(choice)}: give "
                    "numbers, names, True, False or None"
                )
        return Dimension(choices=tuple(plain(choice) for choice in categories))
    low, high, sampler = (getattr(domain, word, None) for word in ("lower", "upper", "sampler"))
    step = getattr(sampler, "q", None)
    inner = type(getattr(sampler, "sampler", sampler)).__name__
    if low is None or high is None or inner not in ("_Uniform", "_LogUniform"):
        raise InvalidStudy(
            f"the range of {name} must be one of Ray Tune's uniform, loguniform, quniform, randint, lograndint or "
            f"choice, got {_in_words(domain)}"
        )
    whole = type(domain).__name__ == "Integer"
    if whole and step is None:
        high -= 1  # Ray's integers end before their upper bound, quantised ones at it
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise InvalidStudy(f"the range of {name} must be finite and its low end below its high end, got {low} … {high}")
    log = inner == "_LogUniform"
    if log and (low <= 0 or step is not None):
        raise InvalidStudy(f"a logarithmic range must be above 0 and without steps, got {name}: {low} … {high}")
    return Dimension(low=low, high=high, log=log, step=step, whole=whole)
