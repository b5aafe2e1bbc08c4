"""Validation outcome against parameter count: what no other configuration of its side beats in both. Exploratory."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas

from analysis.describing.tuning import bounds, outcomes_of, validation
from spectra_tune.design import Study, condition_signature
from spectra_tune.design.search_rules import of_sizes


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontPoint:
    """A configuration on its side's front."""

    condition: str
    arm: str
    configuration: int
    parameters: int
    mean: float  # validation outcome over the search seeds, with its 95 % t interval; in its unit
    low: float
    high: float


def fronts(study: Study, runs: pandas.DataFrame) -> list[FrontPoint]:
    """Each side's front over the strata that differ in size only, by parameters; none where there is one size.

    runs: search runs. Only configurations that trained on all search seeds count. What a size gains is seen on the
    data that selected it, and no size is tested against another.
    """
    labels, metric, found = study.labels(), validation(study.outcome.metric), []
    measured = study.outcome.measured.metric
    several = [places for places in of_sizes(study.conditions) if len(places) > 1]
    for places in several if "parameters" in runs else ():
        signatures = [condition_signature(study.conditions[place]) for place in places]
        for arm in study.sides():
            points = []
            for signature in signatures:
                rows = runs[(runs["condition_signature"] == signature) & (runs["arm"] == arm)]
                parameters = rows.groupby("configuration")["parameters"].max()
                full = outcomes_of(rows, metric).reindex(columns=list(study.seeds.search)).dropna()
                for number, values in zip(full.index, full.to_numpy(dtype=float), strict=True):
                    if pandas.isna(parameters[number]):
                        continue  # of a network that could not be made
                    mean, low, high = bounds(values, measured)
                    points.append(
                        FrontPoint(
                            condition=labels[signature],
                            arm=arm,
                            configuration=int(number),
                            parameters=int(parameters[number]),
                            mean=mean,
                            low=low,
                            high=high,
                        )
                    )
            found += not_dominated(points, measured.sign)
    return found


def not_dominated(points: Sequence[FrontPoint], sign: float = 1.0) -> list[FrontPoint]:
    """Those that none of at most their parameters reaches in their outcome, the fewest parameters first.

    sign: -1 where less is better. Of equals the first stays.
    """
    front: list[FrontPoint] = []
    for point in sorted(points, key=lambda one: (one.parameters, -sign * one.mean, one.configuration)):
        if not front or sign * point.mean > sign * front[-1].mean:
            front.append(point)
    return front
