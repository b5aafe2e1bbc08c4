"""How far the levels of several factors go with a quantity, each with the others held, rows in clusters."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy
from numpy import ndarray
from scipy import stats
from statsmodels.regression.linear_model import OLS  # pyright: ignore[reportMissingTypeStubs]

from analysis.statistics.estimate import Estimate

FEWEST_PER_COEFFICIENT = 2
"""Clusters for each number that is fitted; below, an interval from clusters is far too narrow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MainEffects:
    """The mean over all levels of all factors, each level's distance from it, and whether a factor's levels differ.

    differ: of each factor p of the hypothesis that all its levels are equal (Wald, F over clusters - 1).
    """

    mean: Estimate
    levels: Mapping[str, Mapping[Any, Estimate]]  # by factor and level: level - mean, every level weighing the same
    differ: Mapping[str, Estimate]
    clusters: int


def main_effects(
    y: Sequence[float] | ndarray, factors: Mapping[str, Sequence[Any]], clusters: Sequence[Any], level: float = 0.95
) -> MainEffects:
    """Least squares on all factors' levels, coded to sum to 0, with intervals from clusters (Liang and Zeger 1986).

    y: one number per row; factors: by name each row's level; clusters: rows of one may go together as they like.
    Raises ValueError where levels cannot be told apart (a factor that follows from others) or there are fewer than two
    clusters for each number that is fitted to clusters, those of factors with one level in each.
    """
    values, groups = numpy.asarray(y, dtype=float), numpy.unique(numpy.asarray(clusters), return_inverse=True)[1]
    count, between = int(groups.max()) + 1, 1
    coded = [numpy.ones((len(values), 1))]
    columns: dict[str, tuple[list[Any], slice]] = {}
    for name, given in factors.items():
        known = sorted(set(given))
        if len(set(zip(groups.tolist(), given, strict=True))) == count:
            between += len(known) - 1
        at = sum(part.shape[1] for part in coded)
        columns[name] = (known, slice(at, at + len(known) - 1))
        coded.append(_sum_coded([known.index(one) for one in given], len(known)))
    design = numpy.hstack(coded)
    fitted = design.shape[1]
    if numpy.linalg.matrix_rank(design) < fitted:
        raise ValueError(f"the levels of {', '.join(factors)} cannot be told apart: one of them follows from others")
    if count < FEWEST_PER_COEFFICIENT * between:
        raise ValueError(f"{between} numbers need {FEWEST_PER_COEFFICIENT * between} clusters, got {count}")
    fit = cast("Any", OLS(values, design)).fit(cov_type="cluster", cov_kwds={"groups": groups, "use_correction": True})
    about = _Fitted(fit.params, fit.cov_params(), count, float(stats.t.ppf((1 + level) / 2, count - 1)))
    return MainEffects(
        mean=about.combination(_unit(fitted, slice(0, 1))[0]),
        levels={
            name: dict(zip(known, map(about.combination, _level_rows(fitted, part)), strict=True))
            for name, (known, part) in columns.items()
        },
        differ={name: about.all_zero(part) for name, (_, part) in columns.items()},
        clusters=count,
    )


@dataclass(frozen=True)
class _Fitted:
    """Coefficients with their covariance, from so many clusters."""

    coefficients: ndarray
    covariance: ndarray
    clusters: int
    quantile: float

    def combination(self, weights: ndarray) -> Estimate:
        estimate = float(weights @ self.coefficients)
        error = float(numpy.sqrt(weights @ self.covariance @ weights))
        df, t = self.clusters - 1, estimate / error if error > 0 else None
        return Estimate(
            estimate=estimate,
            low=estimate - self.quantile * error,
            high=estimate + self.quantile * error,
            p=None if t is None else float(2 * stats.t.sf(abs(t), df)),
            statistic=t,
            df=df,
            n=self.clusters,
            method="least squares, intervals from clusters",
        )

    def all_zero(self, part: slice) -> Estimate:
        found = self.coefficients[part]
        wald = float(found @ numpy.linalg.solve(self.covariance[part, part], found)) / len(found)
        p = float(stats.f.sf(wald, len(found), self.clusters - 1))
        return Estimate(estimate=None, p=p, statistic=wald, df=len(found), n=self.clusters, method="Wald F")


def _sum_coded(numbers: Sequence[int], levels: int) -> ndarray:
    """(rows, levels - 1): a level's own column is 1, the last level's are all -1."""
    rows = numpy.vstack([numpy.eye(levels - 1), -numpy.ones(levels - 1)])
    return rows[numpy.asarray(numbers)]


def _unit(fitted: int, part: slice) -> ndarray:
    return numpy.eye(fitted)[part]


def _level_rows(fitted: int, part: slice) -> list[ndarray]:
    """Weights of the coefficients that give each level's distance from the mean."""
    own = _unit(fitted, part)
    return [*own, -own.sum(axis=0)]
