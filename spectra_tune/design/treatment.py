"""Treatment: what the arms of a block differ in."""

from dataclasses import dataclass, field, fields
from typing import Any

from spectra_tune.errors import (
    InvalidStudy,
    at_least_one,
    finite,
    listed,
    not_negative,
    one_of,
    positive,
    true_or_false,
)
from spectra_tune.penalties import PENALTIES
from spectra_tune.schedules import SCHEDULES, has_knots, has_start

REGULARIZED = ("hidden", "all")
"""Which weights may be pulled, beside names of some."""

FEWEST_KNOTS, MOST_KNOTS = 4, 8

KNOTS = tuple(f"knot_{number}" for number in range(1, MOST_KNOTS + 1))
"""What tables and search spaces call the knots of a schedule, one by one."""

TARGET_SCALES = ("fan",)
"""What targets may be multiplied by, weight by weight."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Treatment:
    """A penalty on the regularized weights, added to the mean loss: strength times what spectra_tune.penalties says.

    By default the squared distance of each weight's sigma, its spectral norm, from a target that a schedule moves.
    Strength 0 has one canonical form, `Treatment.none()`: whatever else was given (and checked) is dropped.
    """

    strength: float  # weight of the penalty in the loss, >= 0; 0 is no regularizer
    penalty: str = field(default="spectral_norm", metadata={"later": True})  # a name in penalties.PENALTIES
    schedule: str = "static"  # a name in schedules.SCHEDULES
    sigma_start: float | None = None  # target at the first step; for schedules that move
    sigma_end: float | None = None  # target at the last step; of a static schedule all along
    beta: float = 0.0  # capacity exponent: the start is sigma_start * capacity_ratio**beta
    depth_exponent: float = 0.0  # the target of layer l is multiplied by l**(-depth_exponent)
    one_sided: bool = False  # penalise sigma above its target only
    regularized: tuple[str, ...] | str | None = field(default=None, metadata={"later": True})
    """Which of the weights that the network regularizes are pulled, by their names or the names of what they lie in,
    with * for anything: ("block.1", "*.qk.*"); "hidden": all but the first layer's, which reads the inputs. None: all
    of them; "all": the last layer's, too. Each one's target is as if all were pulled."""

    power: int = field(default=1, metadata={"later": True})
    """k >= 1 of (sigma^k - target^k)^2: a higher one pulls harder the larger sigma is."""

    knots: tuple[float, ...] | None = field(default=None, metadata={"later": True})
    """Of schedule "knots", in the place of sigma_start and sigma_end: 4 to 8 targets at equal distances over training,
    the first at the first step and the last at the last, with straight lines between."""
    target_scale: str | None = field(default=None, metadata={"later": True})
    """"fan": each weight's target is multiplied by sqrt(out/in) of its own, of a convolution's channels."""

    @classmethod
    def none(cls) -> "Treatment":
        """No regularizer."""
        return cls(strength=0.0)

    def __post_init__(self):
        def put(name: str, value: Any) -> None:
            object.__setattr__(self, name, value)

        put("strength", not_negative(self.strength, "strength"))
        put("beta", finite(self.beta, "beta"))
        put("depth_exponent", finite(self.depth_exponent, "depth_exponent"))
        for name in ("sigma_start", "sigma_end"):
            if getattr(self, name) is not None:
                put(name, positive(getattr(self, name), name))
        put("penalty", one_of(self.penalty, "penalty", PENALTIES))
        put("schedule", one_of(self.schedule, "schedule", SCHEDULES))
        put("one_sided", true_or_false(self.one_sided, "one_sided"))
        if self.knots is not None:
            put("knots", _checked_knots(self.knots))
        put("power", at_least_one(self.power, "power"))
        if self.target_scale is not None:
            put("target_scale", one_of(self.target_scale, "target_scale", TARGET_SCALES))
        if isinstance(self.regularized, str):
            if self.regularized not in REGULARIZED:
                raise InvalidStudy(
                    f"regularized must be a list of names of weights, {' or '.join(map(repr, REGULARIZED))}, got "
                    f"{self.regularized!r}: give [{self.regularized!r}]"
                )
        elif self.regularized is not None:
            names = listed(self.regularized, "regularized")
            if not names or not all(isinstance(name, str) for name in names):
                raise InvalidStudy(f"regularized must be names of weights, or None for all, got {list(names)}")
            put("regularized", names)
        if self.strength == 0:
            for item in fields(self):
                if item.name != "strength":
                    put(item.name, item.default)
            return
        if self.power != 1 and not PENALTIES[self.penalty].power:
            raise InvalidStudy(
                f"power is that of sigma, which penalty {self.penalty!r} does not compare with its target: leave power "
                f"away, got {self.power}, or choose one of {_those('power')}"
            )
        if not PENALTIES[self.penalty].targets:
            self._check_no_target()
            return
        if self.one_sided and not PENALTIES[self.penalty].one_sided:
            raise InvalidStudy(
                f"penalty {self.penalty!r} pulls every singular value to its target, from both sides: leave one_sided "
                f"away, or choose one of {_those('one_sided')}"
            )
        if has_knots(self.schedule):
            self._check_goes_by_knots()
            return
        if self.knots is not None:
            raise InvalidStudy(
                f"schedule {self.schedule!r} has no knots: leave knots away, got {list(self.knots)}, or choose 'knots'"
            )
        if self.sigma_end is None:
            raise InvalidStudy("a penalty needs a target: sigma_end must be given when strength > 0, got none")
        if has_start(self.schedule) and self.sigma_start is None:
            raise InvalidStudy(f"schedule {self.schedule!r} moves: sigma_start must be given, got none")
        if not has_start(self.schedule):
            if self.sigma_start is not None:
                raise InvalidStudy(
                    f"schedule {self.schedule!r} has no start: leave sigma_start away (got {self.sigma_start}) "
                    "or choose a schedule that moves"
                )
            if self.beta != 0:
                raise InvalidStudy(
                    f"beta scales the start of a schedule, and {self.schedule!r} has none: "
                    f"beta must be 0, got {self.beta}; choose a schedule that moves"
                )

    def _check_goes_by_knots(self) -> None:
        """Refuses a schedule of knots without any, or with what they are in the place of."""
        if self.knots is None:
            raise InvalidStudy(f"schedule {self.schedule!r} goes from knot to knot: knots must be given, got none")
        for name in ("sigma_start", "sigma_end", "beta"):
            given = getattr(self, name)
            if given not in (None, 0):
                raise InvalidStudy(
                    f"schedule {self.schedule!r} goes from its first knot to its last: leave {name} away, got {given}"
                )

    def _check_no_target(self) -> None:
        """Refuses settings of a target where the penalty has none."""
        for item in fields(self):
            given = getattr(self, item.name)
            if item.name not in ("strength", "penalty", "regularized") and given != item.default:
                raise InvalidStudy(
                    f"penalty {self.penalty!r} has no target: leave {item.name} away, got {given!r}, or choose one of "
                    + _those("targets")
                )


def _checked_knots(given: Any) -> tuple[float, ...]:
    values = listed(given, "knots")
    if not FEWEST_KNOTS <= len(values) <= MOST_KNOTS:
        raise InvalidStudy(f"knots must be {FEWEST_KNOTS} to {MOST_KNOTS} targets, got {len(values)}")
    return tuple(positive(value, "each of knots") for value in values)


def _those(what: str) -> str:
    """Names of the penalties that have something."""
    return ", ".join(name for name, of in PENALTIES.items() if getattr(of, what))


def in_words(treatment: Treatment) -> dict[str, Any]:
    """A Treatment's fields as a table's cells: names of weights as one text, each knot by itself."""
    values = {item.name: getattr(treatment, item.name) for item in fields(Treatment)}
    named, knots = treatment.regularized, values.pop("knots") or ()
    values |= dict(zip(KNOTS, knots, strict=False))
    return values | {"regularized": named if named is None or isinstance(named, str) else ", ".join(named)}
