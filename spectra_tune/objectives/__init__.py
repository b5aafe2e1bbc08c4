"""Objectives, declared: what is learnt and how it is scored; one file beside this one implements each.

An objective's file has, as functions of outputs (samples, outputs), or (samples, positions, outputs) of one that is by
position, and targets (samples, ...):
- `checked(target, task, where)`: the targets of a draw, refused where no network can learn them;
- `loss(outputs, target)`: the mean over the samples that training makes small, a tensor with a gradient;
- `scores(outputs, target)`: every metric by name; `scores_of_constant(target)`: those of the best constant predictor,
  which a diverged or failed run counts as;
- `Stacked`, optional: the loss's derivative by the outputs in closed form, and the scores, for all members of a program
  at once. A task whose objective has none trains its networks in turn.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import Any

from spectra_tune.errors import one_of
from spectra_tune.objectives.metric import PHASES, SPLITS, Metric, SplitMetric

__all__ = [
    "CLASSIFICATION",
    "ENDS",
    "EVALUATIONS",
    "EVALUATIONS_OF_SEARCHES",
    "FORGETTING",
    "IGNORED",
    "NEXT_TOKEN",
    "OBJECTIVES",
    "ONLINE",
    "ONLINE_LAST",
    "PHASES",
    "REGRESSION",
    "SPLITS",
    "SPLIT_METRICS",
    "TRANSFER",
    "Metric",
    "Objective",
    "SplitMetric",
    "implement",
    "is_curriculum",
    "objective_of",
    "phases_of",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Objective:
    """What is learnt: a loss and the metrics of what came of it."""

    name: str  # of its file beside this one
    metrics: tuple[Metric, ...]  # the one that is shown first, first
    loss: Metric  # among them: what training makes small
    outputs: Callable[[Any], int]  # numbers that a network gives for each sample of a task, or each of its positions
    by_position: bool = False  # whether outputs are (samples, positions, outputs); else (samples, outputs)
    stacked: bool = False  # whether its file has `Stacked`
    over_phases: tuple[SplitMetric, ...] = ()  # of a curriculum

    @property
    def followed(self) -> tuple[SplitMetric, ...]:
        """What the curves of a training have, epoch by epoch."""
        of_train = (self.loss, *(metric for metric in self.metrics[:1] if metric != self.loss))
        return (
            *(SplitMetric("train", metric) for metric in of_train),
            *(SplitMetric("validation", metric) for metric in self.metrics),
        )

    def on(self, *splits: str) -> tuple[SplitMetric, ...]:
        """Every metric on each of these splits."""
        return tuple(SplitMetric(split, metric) for split in splits for metric in self.metrics)

    def of(self, task: Any) -> tuple[SplitMetric, ...]:
        """All that the run table has of a task."""
        return self.on(*SPLITS) + (self.over_phases if is_curriculum(task) else ())


CLASSIFICATION, REGRESSION, NEXT_TOKEN = "classification", "regression", "next_token"
"""The first is the objective of a task that names none."""

IGNORED = -100
"""As the target of a next token: that place is not learnt and not scored (torch's own sign for it)."""

_PERCENT: dict[str, Any] = {"unit": "pp", "symbol": " %", "scale": 100.0, "margin": 1.0}
_FRACTION: dict[str, Any] = _PERCENT | {"higher_is_better": True}
_OWN: dict[str, Any] = {"unit": "", "symbol": "", "scale": 1.0, "margin": 0.01}

_ACCURACY = Metric(name="accuracy", words="accuracy", bounds=(0.0, 1.0), **_FRACTION)
_BALANCED = Metric(name="balanced_accuracy", words="balanced accuracy", bounds=(0.0, 1.0), **_FRACTION)
ONLINE, ONLINE_LAST, ENDS, FORGETTING = "online_accuracy", "online_accuracy_last", "test_accuracy_mean", "forgetting"
"""Of a curriculum: accuracy of each batch before its step, over all phases and over their last fifth; test accuracy at
each phase's own end, mean of all; and how much lower that of the earlier ones is at the end of all."""

_OVER_PHASES = tuple(
    SplitMetric(PHASES, Metric(name=name, words=words, bounds=bounds, higher_is_better=higher, **_PERCENT))
    for name, words, bounds, higher in (
        (ONLINE, "online accuracy", (0.0, 1.0), True),
        (ONLINE_LAST, "online accuracy of the last fifth of phases", (0.0, 1.0), True),
        (ENDS, "held-out accuracy at the end of each phase", (0.0, 1.0), True),
        (FORGETTING, "forgetting of earlier phases", (-1.0, 1.0), False),
    )
)

_CROSS_ENTROPY = Metric(
    name="loss",
    words="cross-entropy",
    unit="nats",
    symbol=" nats",
    scale=1.0,
    higher_is_better=False,
    bounds=(0.0, math.inf),
    margin=0.01,
)
_MSE = Metric(name="mse", words="mean squared error", bounds=(0.0, math.inf), higher_is_better=False, **_OWN)
_R2 = Metric(name="r2", words="R²", bounds=(-math.inf, 1.0), higher_is_better=True, **_OWN)


def _logits(task: Any) -> int:
    """One for two classes, that of class 1; else one each."""
    return 1 if task.classes == 2 else int(task.classes)


def _vocabulary(task: Any) -> int:
    """A logit for each token."""
    return int(task.vocabulary)


def _targets(task: Any) -> int:
    """As many as the task has; one where it does not say."""
    return int(getattr(task, "targets", 1))


OBJECTIVES = {
    one.name: one
    for one in (
        Objective(
            name=CLASSIFICATION,
            metrics=(_ACCURACY, _BALANCED, _CROSS_ENTROPY),
            loss=_CROSS_ENTROPY,
            outputs=_logits,
            over_phases=_OVER_PHASES,
            stacked=True,
        ),
        Objective(name=REGRESSION, metrics=(_MSE, _R2), loss=_MSE, outputs=_targets, stacked=True),
        Objective(
            name=NEXT_TOKEN,
            metrics=(_CROSS_ENTROPY, _ACCURACY),
            loss=_CROSS_ENTROPY,
            outputs=_vocabulary,
            by_position=True,
        ),
    )
}

TRANSFER = "test_transfer_accuracy"
"""Of an evaluation that needs the arm none of the same seed beside it."""

_OF_CLASSES: dict[str, Any] = {**_FRACTION, "bounds": (0.0, 1.0), "beside": _ACCURACY}

_OF_EVALUATIONS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("robust_accuracy", "accuracy under attack", {}),
    ("robust_at_twice_epsilon", "accuracy under attack at twice epsilon", {}),
    ("transfer_accuracy", "accuracy under the attack on the baseline", {}),
    ("noise_accuracy", "accuracy under noise", {}),
    ("blur_accuracy", "accuracy under blur", {}),
    ("calibration_error", "calibration error", {"higher_is_better": False}),
)

EVALUATIONS = {
    one.column: one
    for name, words, others in _OF_EVALUATIONS
    for one in (SplitMetric("test", Metric(name=name, words=words, **{**_OF_CLASSES, **others})),)
}
"""What a network is put to where a study's outcome says so, and how (see design/evaluations.py): of classes, on test
data of confirmation seeds."""

EVALUATIONS_OF_SEARCHES = {
    of_search.column: of_search
    for column, one in EVALUATIONS.items()
    if column != TRANSFER
    for of_search in (one.on("validation"),)
}
"""The same on validation data of search seeds, where a search selects by one of them."""

SPLIT_METRICS = {
    one.column: one for objective in OBJECTIVES.values() for one in (*objective.on(*SPLITS), *objective.over_phases)
} | {**EVALUATIONS, **EVALUATIONS_OF_SEARCHES}
"""Every metric on every split, those of curricula and of evaluations, by its column in the run table."""


def phases_of(task: Any) -> int:
    """How many phases a task has; one that is no curriculum has one."""
    return int(getattr(task, "phases", 1))


def is_curriculum(task: Any) -> bool:
    """Whether a task's data change while a network trains."""
    return phases_of(task) > 1


def objective_of(task: Any) -> Objective:
    """A task's objective, which it names as `objective`; one that names none has classes."""
    name = getattr(task, "objective", CLASSIFICATION)
    return OBJECTIVES[one_of(name, "objective", OBJECTIVES)]


def implement(objective: Objective) -> ModuleType:
    """The file that computes an objective's outputs, loss and scores."""
    return import_module(f"{__name__}.{objective.name}")
