"""What holds across tasks, and how a gain changes with capacity."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy
from numpy import ndarray
from scipy import stats
from statsmodels.stats import meta_analysis  # pyright: ignore[reportMissingTypeStubs]

from analysis.statistics.estimate import sample
from analysis.statistics.significance import paired_t

FEWEST_TASKS = 5
"""Below, nothing is said "in general"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pooled:
    """The mean over k tasks (n = k), and the interval in which a new task's own mean is expected."""

    estimate: float
    low: float | None
    high: float | None
    p: float | None
    statistic: float | None
    df: float | None
    n: int
    method: str
    prediction_low: float | None
    prediction_high: float | None
    tau: float | None  # standard deviation between tasks
    i_squared: float | None  # percent of the variance that lies between tasks
    q: float | None
    suffix: str  # what limits the claim, for a sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Interaction:
    """Change of the difference per doubling of capacity, pp; lack_of_fit_p: of a straight line in log2(capacity)."""

    estimate: float
    low: float | None
    high: float | None
    p: float | None
    statistic: float | None
    df: float | None
    n: int
    method: str
    lack_of_fit: float | None  # F
    lack_of_fit_p: float | None


def across_tasks(differences: Mapping[str, Sequence[float] | ndarray], level: float = 0.95) -> Pooled:
    """The mean difference over tasks, each task counting once; differences: pp by task, one per seed.

    Equal numbers of seeds: t over the task means, which is the mixed model with Kenward-Roger (statsmodels' MixedLM
    tests by z, far too bold with few tasks). Otherwise: random effects with Hartung and Knapp's interval. Pooling the
    seeds of all tasks as if independent errs in 31 % (nominal 5 %). With fewer than 5 tasks the suffix says that no
    general claim follows.
    """
    if len(differences) < 2:
        raise ValueError(f"pooling needs at least two tasks, got {len(differences)}")
    samples = {task: sample(d, least=2) for task, d in differences.items()}
    means = numpy.array([float(d.mean()) for d in samples.values()])
    variances = numpy.array([float(d.var(ddof=1)) / len(d) for d in samples.values()])
    balanced = len({len(d) for d in samples.values()}) == 1
    if not balanced and (variances > 0).all():
        return hartung_knapp(means, variances, level)
    t = paired_t(means, level)
    heterogeneity = _heterogeneity(means, variances) if (variances > 0).all() else (None, None, None)
    half = None
    if t.low is not None and len(means) > 2:
        spread = float(means.std(ddof=1))
        half = float(stats.t.ppf((1 + level) / 2, len(means) - 1)) * spread * math.sqrt(1 + 1 / len(means))
    return Pooled(
        estimate=float(means.mean()),
        low=t.low,
        high=t.high,
        p=t.p,
        statistic=t.statistic,
        df=t.df,
        n=len(means),
        method="t over task means",
        prediction_low=None if half is None else float(means.mean()) - half,
        prediction_high=None if half is None else float(means.mean()) + half,
        tau=heterogeneity[0],
        i_squared=heterogeneity[1],
        q=heterogeneity[2],
        suffix=_suffix(len(means)),
    )


def hartung_knapp(
    means: Sequence[float] | ndarray, variances: Sequence[float] | ndarray, level: float = 0.95
) -> Pooled:
    """Random-effects mean of k >= 2 estimates with known variances: Paule and Mandel's tau, Hartung and Knapp's t.

    Prediction interval: t with k - 1 df on sqrt(tau^2 + se^2), as metafor has it with test="knha".
    """
    effects, within = sample(means, least=2), sample(variances, least=2)
    if len(effects) != len(within) or not (within > 0).all():
        raise ValueError("pooling needs a variance > 0 for each mean: tasks without spread are pooled by their means")
    k = len(effects)
    found = _random_effects(effects, within, level)
    estimate, error = float(found.mean_effect_re), float(found.sd_eff_w_re_hksj)
    critical = float(stats.t.ppf((1 + level) / 2, k - 1))
    tau_squared = float(found.tau2)
    half = critical * math.sqrt(tau_squared + error**2)
    tau, i_squared, q = _heterogeneity(effects, within, tau_squared)
    t = estimate / error if error > 0 else None
    return Pooled(
        estimate=estimate,
        low=estimate - critical * error,
        high=estimate + critical * error,
        p=None if t is None else float(2 * stats.t.sf(abs(t), k - 1)),
        statistic=t,
        df=k - 1,
        n=k,
        method="random effects, Paule-Mandel, Hartung-Knapp",
        prediction_low=estimate - half,
        prediction_high=estimate + half,
        tau=tau,
        i_squared=i_squared,
        q=q,
        suffix=_suffix(k),
    )


def interaction_with_capacity(
    differences: Sequence[Sequence[float]] | ndarray, capacity: Sequence[float] | ndarray, level: float = 0.95
) -> Interaction:
    """Whether the difference changes with capacity: differences (seeds, capacities) in pp, capacity > 0, the same
    seeds at each.

    Every seed is a block: t over the seeds' slopes on log2(capacity); lack of fit by Hotelling's T^2 on what a line
    leaves. "Works at small but not at large" needs this p, not one p below 0.05 beside one above.
    """
    table, widths = numpy.asarray(differences, dtype=float), numpy.asarray(capacity, dtype=float)
    if table.ndim != 2 or table.shape[1:] != widths.shape or len(numpy.unique(widths)) != len(widths):
        raise ValueError(
            f"differences must be (seeds, capacities) with distinct capacities, got {table.shape} and {widths.shape}"
        )
    if len(widths) < 2 or len(table) < 2 or not (numpy.isfinite(table).all() and (widths > 0).all()):
        raise ValueError("an interaction needs two seeds and two capacities > 0 or more, all finite")
    seeds, capacities = map(int, table.shape)
    basis, _ = numpy.linalg.qr(numpy.vander(numpy.log2(widths), increasing=True))
    logs = numpy.log2(widths) - numpy.log2(widths).mean()
    t = paired_t(table @ logs / (logs @ logs), level)
    beyond, f, f_p = capacities - 2, None, None
    if beyond > 0 and seeds > beyond:
        curvature = table @ basis[:, 2:]
        mean: ndarray = curvature.mean(axis=0)
        covariance = numpy.atleast_2d(numpy.cov(curvature.T))
        if numpy.linalg.matrix_rank(covariance) == beyond:
            squared = seeds * float(mean @ numpy.linalg.solve(covariance, mean))
            f = squared * (seeds - beyond) / (beyond * (seeds - 1))
            f_p = float(stats.f.sf(f, beyond, seeds - beyond))
    return Interaction(
        estimate=t.estimate or 0.0,
        low=t.low,
        high=t.high,
        p=t.p,
        statistic=t.statistic,
        df=t.df,
        n=seeds,
        method="t over the seeds' slopes on log2(capacity)",
        lack_of_fit=f,
        lack_of_fit_p=f_p,
    )


def _random_effects(means: ndarray, variances: ndarray, level: float = 0.95) -> Any:
    """statsmodels' random effects by Paule and Mandel; tasks that agree exactly have no I^2, which it divides by 0."""
    with numpy.errstate(divide="ignore", invalid="ignore"):
        return cast("Any", meta_analysis).combine_effects(
            means, variances, method_re="iterated", use_t=True, alpha=1 - level
        )


def _heterogeneity(means: ndarray, variances: ndarray, tau_squared: float | None = None) -> tuple[float, float, float]:
    """Standard deviation between tasks, I^2 in percent and Cochran's Q."""
    found = _random_effects(means, variances)
    tau_squared = float(found.tau2) if tau_squared is None else tau_squared
    q = float(found.q)
    return math.sqrt(max(0.0, tau_squared)), max(0.0, 100 * (q - (len(means) - 1)) / q) if q > 0 else 0.0, q


def _suffix(tasks: int) -> str:
    return f"({tasks} tasks; no general claim)" if tasks < FEWEST_TASKS else f"({tasks} tasks)"
