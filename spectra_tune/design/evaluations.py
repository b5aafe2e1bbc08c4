"""What a trained network is put to beside its test samples as they are: attacks, corruptions, calibration."""

from dataclasses import dataclass
from typing import Any

from spectra_tune.called import called
from spectra_tune.errors import InvalidStudy, at_least_one, listed, of_kind, one_of, positive
from spectra_tune.objectives import CLASSIFICATION, EVALUATIONS, objective_of

NORMS = ("l2", "linf")

CORRUPTIONS = ("noise", "blur")


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """Projected gradient descent on a member's own test samples; Madry et al. 2018.

    From a start drawn within the ball steps of 2.5 epsilon / steps up the gradient of the log-odds against its
    class (the cross-entropy's own direction, which float32 does not round away where a network is sure), of which an l2
    attack takes the direction and an linf attack the signs. A sample counts as robust where the network is right on it
    as it is and at the start and after every step of every restart. Nothing is clipped to the range of the data.
    """

    norm: str  # one of NORMS: of the whole perturbation of a sample
    epsilon: float  # radius of the ball, in units of what the module takes
    steps: int = 10
    restarts: int = 1
    samples: int = 500  # of the test samples the first so many are attacked, all where there are fewer

    def __post_init__(self):
        object.__setattr__(self, "norm", one_of(self.norm, "norm of an attack", NORMS))
        object.__setattr__(self, "epsilon", positive(self.epsilon, "epsilon"))
        for name in ("steps", "restarts", "samples"):
            object.__setattr__(self, name, at_least_one(getattr(self, name), f"{name} of an attack"))

    @property
    def columns(self) -> tuple[str, ...]:
        """What it measures, by its columns in the run table."""
        return ("test_robust_accuracy", "test_robust_at_twice_epsilon", "test_transfer_accuracy")

    def __str__(self) -> str:
        again = f", restarts={self.restarts}" if self.restarts > 1 else ""
        return f"pgd-{self.norm}(epsilon={self.epsilon:g}, steps={self.steps}{again})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Corruption:
    """Test samples with noise added to every number, or blurred along their last two axes; all of them are used."""

    kind: str  # one of CORRUPTIONS
    severity: float  # standard deviation: of Gaussian noise in units of what the module takes, of a blur in pixels

    def __post_init__(self):
        object.__setattr__(self, "kind", one_of(self.kind, "kind of a corruption", CORRUPTIONS))
        object.__setattr__(self, "severity", positive(self.severity, "severity"))

    @property
    def columns(self) -> tuple[str, ...]:
        return (f"test_{self.kind}_accuracy",)

    def __str__(self) -> str:
        return f"{self.kind}(severity={self.severity:g})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """How far the probability that a network gives its own answers is from how often these are right; Guo et al. 2017.

    Expected calibration error: of bins of equal width, each by its share of the test samples.
    """

    bins: int = 15

    @property
    def columns(self) -> tuple[str, ...]:
        return ("test_calibration_error",)

    def __str__(self) -> str:
        return f"calibration(bins={self.bins})"


Evaluation = Attack | Corruption | Calibration


def checked_evaluations(evaluations: Any) -> tuple[Evaluation, ...]:
    """Evaluations as a tuple; refused where two have one column."""
    found = listed(evaluations, "evaluations")
    for one in found:
        if not isinstance(one, Evaluation):
            raise InvalidStudy(f"evaluations must be Attack, Corruption or Calibration, got {one!r}")
    columns = [column for one in found for column in one.columns]
    if len(set(columns)) < len(columns):
        raise InvalidStudy(f"of each kind one evaluation has a column, got {', '.join(map(str, found))}: take one away")
    return found


def needed(metrics: tuple[str, ...], attack: Attack | None, corruptions: tuple[Any, ...]) -> tuple[Evaluation, ...]:
    """The evaluations that give these metrics; refused where one is not said, or said and not asked for."""
    of_kind(attack, Attack | None, "attack must be an Attack")
    for one in corruptions:
        if not isinstance(one, Corruption):
            raise InvalidStudy(f"corruptions must be of Corruption, got {one!r}")
    said = checked_evaluations((*([] if attack is None else [attack]), *corruptions, Calibration()))
    by_column = {column: one for one in said for column in one.columns}
    for metric in metrics:
        if metric in EVALUATIONS and metric not in by_column:
            raise InvalidStudy(f"{metric} needs to be told how: {_HOW[metric]}")
    used = tuple(one for one in said if set(one.columns) & set(metrics))
    unused = [one for one in said if one not in used and not isinstance(one, Calibration)]
    if unused:
        raise InvalidStudy(
            f"{unused[0]} is made where the outcome or a descriptive one is among {', '.join(unused[0].columns)}, got "
            f"{', '.join(metrics)}: name one, or take it away"
        )
    return used


_HOW = {
    **dict.fromkeys(
        ("test_robust_accuracy", "test_robust_at_twice_epsilon", "test_transfer_accuracy"),
        "Outcome(attack=Attack(norm='l2', epsilon=…))",
    ),
    **{
        f"test_{kind}_accuracy": f"Outcome(corruptions=[Corruption(kind={kind!r}, severity=…)])" for kind in CORRUPTIONS
    },
}


def check_evaluable(evaluation: Evaluation, task: Any) -> None:
    """Refuses an evaluation that a task's samples cannot have."""
    if objective_of(task).name != CLASSIFICATION:
        raise InvalidStudy(
            f"{evaluation} is of classes, {called(task)} is {objective_of(task).name}: take a task of classes, or "
            "another outcome"
        )
    if isinstance(evaluation, Calibration):
        return
    if getattr(task, "vocabulary", None) is not None or getattr(task, "graph", None) is not None:
        what = "numbers of nodes" if getattr(task, "graph", None) is not None else "tokens"
        raise InvalidStudy(
            f"{evaluation} moves a sample's numbers, those of {called(task)} are {what}, between which there is "
            "nothing: take another task or outcome"
        )
    if isinstance(evaluation, Corruption) and evaluation.kind == "blur" and len(getattr(task, "shape", None) or ()) < 2:
        raise InvalidStudy(f"{evaluation} needs pictures, {called(task)} has samples in a row: take noise, or pictures")
