"""Looking while seeds come in: a t test that stays valid whenever one stops."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from numpy import ndarray

from analysis.statistics.estimate import Estimate, sample, standard_deviation


@dataclass(frozen=True, slots=True, kw_only=True)
class EProcess:
    """Evidence against a mean of 0 after each difference from the second on; reject at alpha once it is >= 1/alpha.

    e_values: (n - 1,). statistic: the last of them, and p = min(1, 1 / it): valid if one stopped at n, whatever made
    one stop. p_running = min(1, 1 / their maximum) is valid without a word on when one stopped.
    """

    e_values: tuple[float, ...]
    estimate: float
    low: float | None
    high: float | None
    p: float
    p_running: float
    statistic: float
    df: float
    n: int
    method: str


def t_e_process(d: Sequence[float] | ndarray, g: float = 1, level: float = 0.95) -> EProcess:
    """E-process of the t test with a normal prior of variance g on mean / sd (Wang and Ramdas 2310.03722).

    The order of d is the order in which seeds came, fixed in advance. Simulated with normal differences, it ever
    reaches 1/alpha in 1.6 to 2.6 % at alpha 5 % up to 40 seeds (repeated t tests: 25 %), but in 11.5 % with
    exponential ones: with crashes or skew test once, by the sign flip. low, high: the anytime interval at n.
    """
    values = sample(d, least=2)
    e_values = [_e_of_sample(values[:count], g) for count in range(2, len(values) + 1)]
    interval = anytime_interval(values, level=level, g=g)
    return EProcess(
        e_values=tuple(e_values),
        estimate=float(values.mean()),
        low=interval.low,
        high=interval.high,
        p=min(1.0, 1 / e_values[-1]),
        p_running=min(1.0, 1 / max(e_values)),
        statistic=e_values[-1],
        df=len(values) - 1,
        n=len(values),
        method=f"t e-process, prior variance {g:g}",
    )


def e_value(t: float, n: int, g: float = 1) -> float:
    """The e-value of a one-sample t of n values: marginal likelihood under the prior over that of a mean of 0."""
    if not g > 0 or n < 2:
        raise ValueError(f"an e-value needs g > 0 and n >= 2, got g = {g} and n = {n}")
    df = n - 1
    log_ratio = math.log1p(t * t / df) - math.log1p(t * t / (df * (1 + n * g)))
    return math.exp(-0.5 * math.log1p(n * g) + (df + 1) / 2 * log_ratio)


def _e_of_sample(values: ndarray, g: float) -> float:
    """Without spread t is 0 or infinite; the e-value is then at most what n fair coins can give, 2^(n - 1)."""
    n, spread = len(values), standard_deviation(values)
    if spread > 0:
        return e_value(float(values.mean()) / spread * n**0.5, n, g)
    if abs(float(values.mean())) < 1e-12:
        return e_value(0.0, n, g)
    return min(2.0 ** (n - 1), math.exp(0.5 * (n - 1) * math.log1p(n * g)))


def anytime_interval(d: Sequence[float] | ndarray, level: float = 0.95, g: float = 1) -> Estimate:
    """The means that the e-process at n does not reject; covers `level` at whatever n one stops.

    None where n is too small for the level: the e-value is bounded by (1 + n g)^((n - 1) / 2).
    """
    if not 0 < level < 1 or not g > 0:
        raise ValueError(f"an anytime interval needs a level within 0 … 1 and g > 0, got {level} and {g}")
    values = sample(d, least=2)
    n, mean, spread = len(values), float(values.mean()), standard_deviation(values)
    df, widening = n - 1, 1 + n * g
    ratio = math.exp(2 / n * (0.5 * math.log(widening) - math.log(1 - level)))  # of the two t factors at the bound
    method = f"anytime t, prior variance {g:g}"
    if ratio >= widening or spread == 0:
        return Estimate(estimate=mean, df=df, n=n, method=f"{method}: unbounded at this n")
    half = math.sqrt(df * (ratio - 1) / (1 - ratio / widening)) * spread / n**0.5
    return Estimate(estimate=mean, low=mean - half, high=mean + half, df=df, n=n, method=method)
