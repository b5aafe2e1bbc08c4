"""The sides of a searching study: its strata, what each side may become, and what makes the two unequal."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import chain, product
from typing import Any, Protocol

from spectra_tune.design.block import Arm, check_capacity, differing_fields
from spectra_tune.design.condition import Condition, flat, with_hyperparameters
from spectra_tune.design.search import STRATA, TREATMENT_FIELDS, Search
from spectra_tune.design.treatment import KNOTS, Treatment
from spectra_tune.errors import InvalidStudy, NotComparable, nearest
from spectra_tune.objectives import ENDS, EVALUATIONS, FORGETTING, ONLINE, ONLINE_LAST, TRANSFER
from spectra_tune.schedules import has_start


class Searching(Protocol):
    """What of a study its search is checked against."""

    @property
    def conditions(self) -> Any: ...
    @property
    def arms(self) -> Any: ...
    @property
    def contrasts(self) -> Any: ...
    @property
    def seeds(self) -> Any: ...
    @property
    def search(self) -> Any: ...
    @property
    def claim(self) -> Any: ...
    @property
    def outcome(self) -> Any: ...

    def sides(self) -> Mapping[str, str]: ...

    def space(self, arm: str) -> Any: ...

    def configured(self, arm: str, values: Mapping[str, Any]) -> Arm: ...


def with_values(start: Arm, values: Mapping[str, Any]) -> Arm:
    """An arm with these values of its Treatment's fields, and with all others as changes of its Condition."""
    of_treatment = {name: value for name, value in values.items() if name in TREATMENT_FIELDS}
    nuisance = {name: value for name, value in values.items() if name not in of_treatment}
    knots = {name: of_treatment.pop(name) for name in KNOTS if name in of_treatment}
    if knots:
        of_treatment["knots"] = _with_knots(start.treatment, knots)
    treatment = replace(start.treatment, **of_treatment) if of_treatment else start.treatment
    return replace(start, treatment=treatment, changes={**dict(start.changes), **nuisance})


def _with_knots(start: Treatment, values: Mapping[str, float]) -> tuple[float, ...]:
    """A Treatment's knots with some of them set otherwise."""
    known = dict(zip(KNOTS, start.knots or (), strict=False))
    for name in values:
        if name not in known:
            raise InvalidStudy(
                f"{name} is a knot of an arm's own schedule, which has {len(known) or 'none'}: give the arm "
                "schedule='knots' and as many knots as are tuned"
            )
    return tuple((known | dict(values)).values())


def stratified(conditions: Iterable[Condition], search: Search) -> tuple[Condition, ...]:
    """Every Condition at every width and depth that the search's spaces list, each once."""
    found: list[Condition] = []
    for condition in conditions:
        for values in product(*(points for _, points in search.strata)):
            sizes = dict(zip((name for name, _ in search.strata), values, strict=True))
            missing = [name for name in sizes if not hasattr(condition.network, name)]
            if missing:
                raise InvalidStudy(f"the space lists {missing[0]}, which {type(condition.network).__name__} lacks")
            network = with_hyperparameters(condition.network, **sizes) if sizes else condition.network
            found.append(replace(condition, network=network))
    return tuple(dict.fromkeys(found))


def of_sizes(conditions: Sequence[Condition]) -> tuple[tuple[int, ...], ...]:
    """Places of the Conditions, those together that differ in nothing but their network's sizes."""
    found: dict[Any, list[int]] = {}
    for at, condition in enumerate(conditions):
        fixed = {name: value for name, value in flat(condition).items() if name not in ("network", *STRATA)}
        found.setdefault((type(condition.network), tuple(fixed.items())), []).append(at)
    return tuple(map(tuple, found.values()))


def check_search(study: Searching) -> None:
    """Refuses a search whose sides are unclear or unequal, or whose space has a point that no run can have."""
    search = study.search
    if not isinstance(search, Search):
        raise InvalidStudy(f"search must be a Search, got {search!r}")
    if not study.seeds.search:
        raise InvalidStudy("a search needs search seeds, got none: Seeds(search=…, confirm=…), disjoint")
    if search.objective == "lower_bound" and len(study.seeds.search) < 2:
        raise InvalidStudy("the objective 'lower_bound' needs at least 2 search seeds, got 1")
    if study.outcome.metric in (ENDS, FORGETTING):
        raise InvalidStudy(
            f"{study.outcome.metric} is about test data, which no search sees: tune for {ONLINE} or {ONLINE_LAST}"
        )
    if study.outcome.metric == TRANSFER:
        raise InvalidStudy(
            f"{TRANSFER} needs the perturbations of the arm none, which no trial of a search holds: tune for "
            "test_robust_accuracy and list the other as descriptive"
        )
    if study.claim is not None:
        raise InvalidStudy("a claim is taken apart along fixed arms: give it a study without a search")
    _check_sides(study, search)
    if search.scheduler in ("asha", "median"):
        if study.outcome.metric in EVALUATIONS:
            raise InvalidStudy(
                f"scheduler {search.scheduler!r} stops runs half-way, where {study.outcome.metric} is not measured: "
                "leave the scheduler away, or use 'racing' (sampler random or grid)"
            )
        starts = [name for name in ("beta", "sigma_start", *KNOTS) if name in dict(search.treatment_space)]
        if starts:
            both = ", ".join(starts)
            raise InvalidStudy(
                f"{both} cannot be tuned with scheduler {search.scheduler!r}: {starts[0]} sets how "
                "a target moves, and a run that is stopped half-way has not reached its sigma; leave the "
                f"scheduler away, use 'racing' (sampler random or grid), or take {both} out of the space"
            )
        moving = [name for name, arm in study.arms if has_start(arm.treatment.schedule) or arm.treatment.knots]
        if moving or "schedule" in dict(search.treatment_space):
            raise InvalidStudy(
                f"scheduler {search.scheduler!r} stops runs half-way, where a moving target has not reached its "
                f"sigma: use racing, or static schedules (moving: {', '.join(moving) or 'in the space'})"
            )
    competes = any(
        side == "baseline" and study.space(name) != search.nuisance_space for name, side in study.sides().items()
    )
    if search.competitor_space and not competes:
        raise InvalidStudy("competitor_space is of baselines that have a Treatment of their own, no contrast has one")
    for name in study.sides():
        _check_points(study, name)


def _check_sides(study: Searching, search: Search) -> None:
    """One treatment side, and no difference to its baselines but the Treatment and what both tune."""
    arms = dict(study.arms)
    for contrast in study.contrasts:
        if contrast.differs:
            raise InvalidStudy(
                f"contrast {contrast} of a searching study spans the tuned fields by itself: leave differs away"
            )
        for name in (contrast.treatment, contrast.baseline):
            if name not in arms:
                raise InvalidStudy(
                    f"contrast {contrast} names the arm {name!r}, which is absent; {nearest(name, arms)}"
                )
        for condition in study.conditions:
            spanned = differing_fields(condition, arms[contrast.treatment], arms[contrast.baseline])
            fixed = {name: values for name, values in spanned.items() if name not in search.nuisance}
            if fixed:
                listed = "; ".join(f"{name}: {one!r} and {other!r}" for name, (one, other) in fixed.items())
                raise NotComparable(
                    f"the sides of a search differ in their Treatment and in what both tune, {contrast} differs in "
                    f"{listed}: tune it on both sides or take the change away"
                )
    treatments = {contrast.treatment for contrast in study.contrasts}
    if len(treatments) != 1 or treatments & {contrast.baseline for contrast in study.contrasts}:
        raise InvalidStudy(
            "a searching study has one treatment side, the same in every contrast, got "
            f"{', '.join(sorted(treatments))}: make a study of each"
        )
    unused = [name for name in arms if name not in study.sides()]
    if unused:
        raise InvalidStudy(f"every arm of a searching study must be in a contrast, {', '.join(unused)} are not")


def _check_points(study: Searching, name: str) -> None:
    """Tries the ends of an arm's space in every combination, and every choice with them, on every Condition."""
    space = study.space(name)
    factors, ends = [factor for factor, _ in space], [dimension.ends for _, dimension in space]
    between = [[*ends[:at], dimension.choices[1:-1], *ends[at + 1 :]] for at, (_, dimension) in enumerate(space)]
    for values in chain(*(product(*points) for points in (ends, *between))):
        for condition in study.conditions:
            try:
                arm = study.configured(name, dict(zip(factors, values, strict=True)))
                arm.condition(condition)
                check_capacity(condition, name, arm.treatment)
            except InvalidStudy as error:
                shown = ", ".join(f"{factor} {value}" for factor, value in zip(factors, values, strict=True))
                raise type(error)(f"the space of {name!r} has the point {shown}, but {error}") from None
