"""Power laws y = prefactor * x^exponent, and whether the points can carry one."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy
from numpy import ndarray
from scipy import optimize, stats

from analysis.statistics.estimate import Estimate

FEWEST_DISTINCT = 5
LEAST_RANGE = 8.0
CURVATURE_ALPHA = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerLaw:
    """The exponent of a power law: estimate, interval, and p of an exponent of 0; whether it may be claimed.

    Fitted by least squares of log y on log x, so errors are multiplicative; `additive` is the exponent by non-linear
    least squares, where errors add: state the model where they differ. reasons: the gates that failed, in words.
    """

    status: Literal["claimed", "no exponent claimed"]
    reasons: tuple[str, ...]
    prefactor: Estimate
    additive: Estimate
    curvature_p: float | None
    r_squared: float | None
    estimate: float | None
    low: float | None
    high: float | None
    p: float | None
    statistic: float | None
    df: float | None
    n: int
    method: str
    spread: float | None  # residual standard deviation of log y
    log_x: tuple[float, ...]

    def predict(self, x: float, level: float = 0.95) -> "Prediction":
        """The next y at x with its prediction interval, flagged where x lies outside the points."""
        if self.estimate is None or self.spread is None or self.prefactor.estimate is None or not self.df:
            raise ValueError(f"nothing can be predicted: {'; '.join(self.reasons)}")
        logs = numpy.array(self.log_x)
        centre, sum_of_squares = logs.mean(), ((logs - logs.mean()) ** 2).sum()
        error = self.spread * math.sqrt(1 + 1 / self.n + (math.log(x) - centre) ** 2 / sum_of_squares)
        half = float(stats.t.ppf((1 + level) / 2, self.df)) * error
        log_y = math.log(self.prefactor.estimate) + self.estimate * math.log(x)
        return Prediction(
            estimate=math.exp(log_y),
            low=math.exp(log_y - half),
            high=math.exp(log_y + half),
            n=self.n,
            method="prediction interval, log-log",
            extrapolated=not logs.min() - 1e-12 <= math.log(x) <= logs.max() + 1e-12,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """A value that a fit expects, with its prediction interval."""

    estimate: float
    low: float
    high: float
    n: int
    method: str
    extrapolated: bool


def power_law(
    x: Sequence[float] | ndarray,
    y: Sequence[float] | ndarray,
    grid: Sequence[float] | ndarray | None = None,
    level: float = 0.95,
) -> PowerLaw:
    """Fits y = prefactor * x^exponent to n points, x and y > 0.

    grid: the values that y was chosen from, where y is an optimum found on a grid. An exponent is claimed only from
    5 or more distinct x over a range of 8 or more, without curvature in log-log, not better described by an
    exponential (AICc), and with no optimum at the grid's edge. The fit is given either way.
    """
    at, values = numpy.asarray(x, dtype=float), numpy.asarray(y, dtype=float)
    if at.ndim != 1 or at.shape != values.shape or len(at) == 0:
        raise ValueError(f"a power law needs two lists of equal length, got {at.shape} and {values.shape}")
    if not (numpy.isfinite(at).all() and numpy.isfinite(values).all() and (at > 0).all() and (values > 0).all()):
        raise ValueError("a power law needs x > 0 and y > 0, all finite: got zero, a negative value, NaN or infinity")
    log_x, log_y, n = numpy.log(at), numpy.log(values), len(at)
    reasons = _gates(at, values, grid)
    if n < 3 or numpy.ptp(log_x) == 0:
        return _unfitted(n, (*reasons, "a line through these points has no error to estimate"), log_x)
    fit: Any = stats.linregress(log_x, log_y)
    residual = log_y - fit.intercept - fit.slope * log_x
    df = n - 2
    spread = math.sqrt(float((residual**2).sum()) / df)
    if spread <= 1e-12 * max(1.0, float(numpy.abs(log_y).max())):
        spread = 0.0
    curvature_p = _curvature(log_x, log_y, spread)
    if curvature_p is not None and curvature_p < CURVATURE_ALPHA:
        reasons = (*reasons, f"the points curve in log-log (p={curvature_p:.2g})")
    if spread > 0 and n > 4 and _aicc(log_y, at) < _aicc(log_y, log_x) - 2:
        reasons = (*reasons, "an exponential describes the points better (AICc)")
    half = float(stats.t.ppf((1 + level) / 2, df))
    slope_error, intercept_error = (fit.stderr, fit.intercept_stderr) if spread > 0 else (0.0, 0.0)
    t = float(fit.slope / slope_error) if slope_error > 0 else None
    prefactor = Estimate(
        estimate=math.exp(fit.intercept),
        low=math.exp(fit.intercept - half * intercept_error),
        high=math.exp(fit.intercept + half * intercept_error),
        df=df,
        n=n,
        method="log-log least squares",
    )
    return PowerLaw(
        status="no exponent claimed" if reasons else "claimed",
        reasons=reasons,
        prefactor=prefactor,
        additive=_additive(at, values, (prefactor.estimate or 1.0, float(fit.slope)), level),
        curvature_p=curvature_p,
        r_squared=float(fit.rvalue**2) if spread > 0 else 1.0,
        estimate=float(fit.slope),
        low=float(fit.slope - half * slope_error),
        high=float(fit.slope + half * slope_error),
        p=None if t is None else max(float(2 * stats.t.sf(abs(t), df)), math.ulp(0)),
        statistic=t,
        df=df,
        n=n,
        method="log-log least squares",
        spread=spread,
        log_x=tuple(log_x.tolist()),
    )


def _gates(x: ndarray, y: ndarray, grid: Sequence[float] | ndarray | None) -> tuple[str, ...]:
    """What forbids a claim before anything is fitted."""
    distinct, ratio = len(numpy.unique(x)), float(x.max() / x.min())
    reasons: list[str] = []
    if distinct < FEWEST_DISTINCT:
        reasons.append(f"{distinct} distinct x, at least {FEWEST_DISTINCT} are needed")
    if ratio < LEAST_RANGE * (1 - 1e-9):
        reasons.append(f"x spans a factor of {ratio:.3g}, at least {LEAST_RANGE:g} is needed")
    if grid is not None:
        edges = numpy.array([numpy.min(grid), numpy.max(grid)])
        at_edge = int(numpy.isclose(y[:, None], edges).any(axis=1).sum())
        if at_edge:
            reasons.append(f"{at_edge} of {len(y)} optima lie at the edge of their grid")
    return tuple(reasons)


def _curvature(log_x: ndarray, log_y: ndarray, spread: float) -> float | None:
    """p of a quadratic term in log-log; None where too few distinct x leave no room for one."""
    if len(numpy.unique(log_x)) < 4 or spread == 0:
        return None
    centred = log_x - log_x.mean()
    design = numpy.stack([numpy.ones_like(centred), centred, centred**2], axis=1)
    coefficients, *_ = numpy.linalg.lstsq(design, log_y, rcond=None)
    df = len(log_y) - 3
    variance = float(((log_y - design @ coefficients) ** 2).sum()) / df
    error = math.sqrt(variance * float(numpy.linalg.inv(design.T @ design)[2, 2]))
    return float(2 * stats.t.sf(abs(float(coefficients[2])) / error, df)) if error > 0 else 0.0


def _aicc(log_y: ndarray, regressor: ndarray) -> float:
    """AICc of a line of log y on a regressor: log x is a power law, x an exponential."""
    fit: Any = stats.linregress(regressor, log_y)
    n, squares = len(log_y), float(((log_y - fit.intercept - fit.slope * regressor) ** 2).sum())
    return n * math.log(max(squares, 1e-300) / n) + 2 * 3 + 2 * 3 * 4 / (n - 4)


def _additive(x: ndarray, y: ndarray, start: tuple[float, float], level: float) -> Estimate:
    """The exponent by non-linear least squares of y itself."""
    n, df = len(x), len(x) - 2
    found = optimize.least_squares(
        lambda given: given[0] * x ** given[1] - y,
        start,
        x_scale=numpy.abs(start) + 1e-3,
        xtol=1e-15,
        ftol=1e-15,
        gtol=1e-15,
    )
    method = "non-linear least squares"
    variance = 2 * found.cost / df
    jacobian = numpy.asarray(found.jac)  # of few numbers, so never sparse
    information = jacobian.T @ jacobian
    if numpy.linalg.cond(information) > 1e14:
        return Estimate(estimate=float(found.x[1]), df=df, n=n, method=f"{method}, no interval: ill-conditioned")
    error = math.sqrt(variance * float(numpy.linalg.inv(information)[1, 1]))
    half = float(stats.t.ppf((1 + level) / 2, df)) * error
    exponent = float(found.x[1])
    return Estimate(
        estimate=exponent, low=exponent - half, high=exponent + half, df=df, n=n, method="non-linear least squares"
    )


def _unfitted(n: int, reasons: tuple[str, ...], log_x: ndarray) -> PowerLaw:
    nothing = Estimate(estimate=None, n=n, method="log-log least squares, not fitted")
    return PowerLaw(
        status="no exponent claimed",
        reasons=reasons,
        prefactor=nothing,
        additive=nothing,
        curvature_p=None,
        r_squared=None,
        estimate=None,
        low=None,
        high=None,
        p=None,
        statistic=None,
        df=None,
        n=n,
        method=nothing.method,
        spread=None,
        log_x=tuple(log_x.tolist()),
    )
