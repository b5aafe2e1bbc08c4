"""What choosing does to a result: the bias of the best of many, and whether a confirmation is one."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from scipy import integrate, stats

from spectra_tune.design import NotComparable


@dataclass(frozen=True, slots=True, kw_only=True)
class TuningBudget:
    """What one side of a contrast was allowed in its search."""

    configurations: int
    seeds: int
    epochs: int


def best_of_m_bias(m: int, n: int, sd: float) -> float:
    """Expected mean of the best of m configurations that all do nothing, each seen on n seeds; in the unit of sd.

    sd: of one seed's result. 20 configurations on 5 seeds at 0.8 pp: 0.67 pp. Source: expected largest of m normals.
    """
    if m < 1 or n < 1 or not sd >= 0 or not math.isfinite(sd):
        raise ValueError(f"best of m needs m >= 1, n >= 1 and a finite sd >= 0, got m = {m}, n = {n}, sd = {sd}")

    def integrand(z: float) -> float:
        return float(z * m * stats.norm.pdf(z) * stats.norm.cdf(z) ** (m - 1))

    expected, _ = integrate.quad(integrand, -12, 12, epsabs=1e-12, limit=200)
    return sd / math.sqrt(n) * expected


def check_confirmation(search_seeds: Iterable[Any], confirmation_seeds: Iterable[Any]) -> None:
    """Refuses a confirmation on seeds that selected what it confirms."""
    both = sorted(set(search_seeds) & set(confirmation_seeds))
    if both:
        listed = ", ".join(map(str, both))
        raise NotComparable(
            f"a confirmation needs fresh seeds: {'seed' if len(both) == 1 else 'seeds'} {listed} "
            f"{'was' if len(both) == 1 else 'were'} used for selection"
        )


def check_equal_budgets(treatment: TuningBudget, baseline: TuningBudget) -> None:
    """Refuses a treatment that was tuned more, or less, than its baseline; names what differs, with both values."""
    differing = [
        f"{name}: {one} and {other}"
        for name in ("configurations", "seeds", "epochs")
        if (one := getattr(treatment, name)) != (other := getattr(baseline, name))
    ]
    if differing:
        raise NotComparable(
            f"treatment and baseline were tuned with unequal budgets, {'; '.join(differing)}: tune both sides alike"
        )
