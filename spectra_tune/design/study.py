"""Study and its parts: arms, blocks, contrasts, seeds, outcome."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Any

from spectra_tune.design.block import REPORTS, Arm, Block, checked_probes, differing_fields, named_arms
from spectra_tune.design.claim import Claim
from spectra_tune.design.condition import Condition
from spectra_tune.design.contrast import Contrast, contrast_of
from spectra_tune.design.evaluations import check_evaluable
from spectra_tune.design.factors import check_factors
from spectra_tune.design.kept_models import KeptModels, checked_keep_models, kept_models
from spectra_tune.design.labels import labels, tasks_by_name
from spectra_tune.design.outcome import Outcome
from spectra_tune.design.same_configuration import SAME_CONFIGURATION, declared, registered
from spectra_tune.design.search import Dimension, Search
from spectra_tune.design.search_rules import check_search, stratified, with_values
from spectra_tune.design.seeds import Seeds
from spectra_tune.design.signature import digest, digests_of_fields
from spectra_tune.design.treatment import Treatment
from spectra_tune.errors import (
    InvalidStudy,
    NotComparable,
    at_least_one,
    listed,
    nearest,
    of_kind,
    positive,
    true_or_false,
    whole,
)
from spectra_tune.objectives import is_curriculum, objective_of

MOST_PICTURED = 24
"""Conditions of a study that its pictures show, the first ones: more are not readable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pilot:
    """How far paired differences spread in earlier runs on other seeds: what `show` plans with."""

    sd_pp: float  # standard deviation, percentage points
    seeds: int  # that it was estimated from

    def __post_init__(self):
        object.__setattr__(self, "sd_pp", positive(self.sd_pp, "sd_pp"))
        object.__setattr__(self, "seeds", whole(self.seeds, "a pilot's seeds", 2))


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """A question, and everything that is fixed before its first run."""

    question: str
    conditions: Any  # given as a list of Condition, see grid; kept as a tuple
    arms: Any  # given as {name: Arm or Treatment}, kept as pairs (name, Arm)
    contrasts: Any  # given as a list of Contrast or pairs (treatment, baseline), kept as a tuple of Contrast
    seeds: Seeds
    outcome: Outcome = field(default_factory=Outcome)
    pilot: Pilot | None = None
    claim: Claim | None = None
    search: Search | None = None  # the arms are then where each side starts; what they end as is found on search seeds
    probes: Any = ()  # names in probes.PROBES: what is measured on the trained networks, descriptive
    probed_at: Any = ()  # epochs at which they are taken beside the end
    threshold: float | None = None  # of the outcome's metric on validation data, as columns have it: when it is reached
    reports: int = REPORTS  # how often a run's metrics are recorded: the resolution of its curves
    complexity: bool = False  # how hard each task's own boundary is stands in the run table (see complexity.py)
    factors: Any = field(default=(), metadata={"later": True})  # names of what Conditions differ in, see factors.py
    keep_models: str | None = field(default=None, metadata={"later": True})  # "best" or "all", see kept_models.py

    def __post_init__(self):
        of_kind(self.question, str, "a study needs a question")
        if not self.question.strip():
            raise InvalidStudy(f"a study needs a question, got {self.question!r}")
        object.__setattr__(self, "arms", named_arms(self.arms))
        object.__setattr__(self, "conditions", listed(self.conditions, "conditions"))
        for condition in self.conditions:
            if not isinstance(condition, Condition):
                raise InvalidStudy(f"conditions must be Conditions, see grid, got {condition!r}")
        if isinstance(self.search, Search):
            object.__setattr__(self, "conditions", stratified(self.conditions, self.search))
        object.__setattr__(self, "contrasts", tuple(contrast_of(pair) for pair in listed(self.contrasts, "contrasts")))
        self._put(declared(self.arms, self.contrasts))
        of_kind(self.seeds, Seeds, "seeds must be Seeds")
        of_kind(self.outcome, Outcome, "outcome must be an Outcome")
        if not self.conditions or len(set(self.conditions)) != len(self.conditions):
            raise InvalidStudy(f"a study needs distinct conditions, got {len(self.conditions)} with repeats or none")
        self._check_metrics()
        self._check_arms()
        if self.search is not None:
            check_search(self)
        elif self.seeds.search:
            raise InvalidStudy(f"search seeds need a search, got {len(self.seeds.search)} of them and no search")
        if not self.contrasts or len(set(self.contrasts)) != len(self.contrasts):
            raise InvalidStudy(f"a study needs distinct contrasts, got {len(self.contrasts)} with repeats or none")
        if self.search is None:
            for contrast in self.contrasts:
                for condition in self.conditions:
                    self._check_contrast(contrast, condition)
        else:
            self._put(registered(self.arms, self.contrasts, self.search))
        of_kind(self.pilot, Pilot | None, "pilot must be a Pilot")
        self._check_claim()
        self._check_measurements()
        self.blocks()

    def _check_metrics(self) -> None:
        """Refuses an outcome that a task's objective has not."""
        for name, task in tasks_by_name(self.conditions).items():
            objective = objective_of(task)
            known = [one.column for one in objective.of(task)]
            for evaluation in self.outcome.evaluations:
                check_evaluable(evaluation, task)
                known += evaluation.columns
            for metric in (self.outcome.metric, *self.outcome.descriptive):
                if metric not in known:
                    raise InvalidStudy(
                        f"{name} is {objective.name}, which has no metric {metric!r}; {nearest(metric, known)}"
                    )

    def _check_arms(self) -> None:
        arms = dict(self.arms)
        if "none" not in arms or arms["none"] != Arm(treatment=Treatment.none()):
            raise InvalidStudy(
                "every study has the arm 'none' = Treatment.none(): better than static is not good; add it"
            )
        for (one, first), (other, second) in combinations(self.arms, 2):
            if first == second:
                raise InvalidStudy(
                    f"arms must differ: {one!r} and {other!r} are the same; drop one or give it a stream"
                )

    def sides(self) -> dict[str, str]:
        """Of a searching study: "treatment" or "baseline" for every arm that is tuned."""
        return {contrast.treatment: "treatment" for contrast in self.tuned_contrasts} | {
            contrast.baseline: "baseline" for contrast in self.tuned_contrasts
        }

    def space(self, arm: str) -> tuple[tuple[str, Dimension], ...]:
        """Of a searching study: what an arm tunes."""
        assert self.search is not None
        if arm == SAME_CONFIGURATION:
            return self.search.space("baseline")
        return self.search.space(self.sides()[arm], dict(self.arms)[arm].treatment.strength > 0)

    @property
    def tuned_contrasts(self) -> tuple[Contrast, ...]:
        """Of a searching study: the contrasts of one side's candidate with another's, those that were declared."""
        return tuple(contrast for contrast in self.contrasts if contrast.baseline != SAME_CONFIGURATION)

    def configured(self, arm: str, values: Mapping[str, Any]) -> Arm:
        """An arm with these values of its side's factors in the place of its own."""
        return with_values(dict(self.arms)[arm], values)

    def confirmed(self, values: Mapping[str, Mapping[str, Any]]) -> dict[str, Arm]:
        """The arms of a confirmation, given the values of each side's candidate by arm."""
        arms = {name: self.configured(name, of_side) for name, of_side in values.items()}
        for contrast in self.contrasts:
            if contrast.baseline == SAME_CONFIGURATION:
                arms[SAME_CONFIGURATION] = replace(arms[contrast.treatment], treatment=Treatment.none())
        return arms

    def _put(self, arms_and_contrasts: tuple[Any, Any]) -> None:
        for name, value in zip(("arms", "contrasts"), arms_and_contrasts, strict=True):
            object.__setattr__(self, name, value)

    def _check_measurements(self) -> None:
        probes, probed_at = checked_probes(self.probes, self.probed_at)
        object.__setattr__(self, "probes", probes)
        object.__setattr__(self, "probed_at", probed_at)
        object.__setattr__(self, "reports", at_least_one(self.reports, "reports"))
        longest = max(condition.total_epochs for condition in self.conditions)
        if probed_at and probed_at[-1] >= longest:
            raise InvalidStudy(
                f"probed_at must be below {longest} epochs, at whose end probes are taken anyway, got {probed_at[-1]}"
            )
        if self.threshold is not None:
            object.__setattr__(self, "threshold", positive(self.threshold, "threshold"))
            metric = self.outcome.measured.plain.metric
            low, high = metric.bounds
            if not low <= self.threshold <= high:
                what = "a fraction, at most 1" if high == 1 else f"within {low:g} … {high:g}"
                raise InvalidStudy(f"threshold must be {what}, got {self.threshold:g}")
        object.__setattr__(self, "complexity", true_or_false(self.complexity, "complexity"))
        object.__setattr__(self, "keep_models", checked_keep_models(self.keep_models))
        object.__setattr__(self, "factors", listed(self.factors, "factors"))
        check_factors(self.factors, self.conditions)

    def _check_claim(self) -> None:
        if self.claim is None:
            return
        of_kind(self.claim, Claim, "claim must be a Claim")
        arms = dict(self.arms)
        for name in self.claim.chain:
            if name not in arms:
                raise InvalidStudy(f"the claim names the arm {name!r}, which is absent; {nearest(name, arms)}")

    def _check_contrast(self, contrast: Contrast, condition: Condition) -> None:
        arms = dict(self.arms)
        for name in (contrast.treatment, contrast.baseline):
            if name not in arms:
                raise InvalidStudy(
                    f"contrast {contrast} names the arm {name!r}, which is absent; {nearest(name, arms)}"
                )
        spanned = differing_fields(condition, arms[contrast.treatment], arms[contrast.baseline])
        undeclared = {name: values for name, values in spanned.items() if name not in contrast.differs}
        if undeclared:
            listed = "; ".join(f"{name}: {one!r} and {other!r}" for name, (one, other) in undeclared.items())
            raise NotComparable(
                f"{contrast.treatment} and {contrast.baseline} differ in {listed}; "
                f"declare it in the contrast (differs={set(undeclared)}) or take the change away"
            )
        unused = sorted(set(contrast.differs) - set(spanned))
        if unused:
            raise NotComparable(
                f"contrast {contrast} declares differs={unused}, but the arms agree there; take it out of differs"
            )

    @property
    def tests(self) -> int:
        """m, the size of the family: declared contrasts x Conditions."""
        return len(self.contrasts) * len(self.conditions)

    @property
    def kept_models(self) -> KeptModels | None:
        """Which trained networks its blocks keep; None is none."""
        return kept_models(self.keep_models, self.outcome.measured, self.conditions[0].task)

    def blocks(self) -> tuple[Block, ...]:
        """A block per Condition, on the confirmation seeds."""
        return tuple(
            Block(
                condition=condition,
                arms=self.arms,
                seeds=self.seeds.confirm,
                probes=self.probes,
                probed_at=self.probed_at,
                reports=self.reports,
                evaluations=self.outcome.evaluations,
                kept_models=self.kept_models,
                pictured=number < MOST_PICTURED,
            )
            for number, condition in enumerate(self.conditions)
        )

    def signature(self) -> str:
        """sha256 of all that the study fixes before its first run."""
        return digest(self)

    def field_signatures(self) -> dict[str, str]:
        """Of each field, to say where two declarations differ."""
        return digests_of_fields(self)

    def smoke(self) -> "Study":
        """The same question in seconds: two Conditions, four seeds, 10 epochs at most, of minibatches 2, 3 phases.

        A study of its own. An arm that changes the epochs gets twice as many where it had more than its Conditions,
        half as many where it had fewer.
        """
        few = tuple(dict.fromkeys((self.conditions[0], self.conditions[-1])))
        longest = max(condition.epochs for condition in self.conditions)
        few_epochs = [min(one.epochs, 10 if one.batch_size is None else 2) for one in few]
        most = max(few_epochs)

        def shortened(changes: tuple[tuple[str, Any], ...]) -> dict[str, Any]:
            other = {True: 2 * most, False: max(most // 2, 1)}
            return {key: other[value > longest] if key == "epochs" else value for key, value in changes}

        arms = {name: replace(arm, changes=shortened(arm.changes)) for name, arm in self.arms}
        search = self.search
        if search is not None:
            fewer = 4 if search.sampler != "grid" else search.configurations
            search = replace(search, configurations=min(search.configurations, fewer), batch=2, strata=())
        return replace(
            self,
            conditions=[
                replace(one, task=_in_small(one.task), epochs=epochs)
                for one, epochs in zip(few, few_epochs, strict=True)
            ],
            arms=arms,
            seeds=Seeds(confirm=self.seeds.confirm[:4], search=self.seeds.search[:2]),
            search=search,
            probed_at=[epoch for epoch in self.probed_at if epoch < min(few_epochs)],
            factors=[],
        )

    def labels(self) -> dict[str, str]:
        """A short name of each Condition, by its signature."""
        return labels(self.conditions)


def _in_small(task: Any) -> Any:
    """A curriculum of few phases; another task as it is."""
    return task.in_small() if is_curriculum(task) and hasattr(task, "in_small") else task
