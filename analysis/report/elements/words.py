"""How numbers are printed in a report."""

import math

from analysis.statistics.estimate import Estimate


def number(value: float | None, digits: int = 2, sign: bool = False) -> str:
    """The value, or a dash; never -0.00 or NaN."""
    if value is None or not math.isfinite(value):
        return "–"
    return f"{value:{'+' if sign else ''}z.{digits}f}"


def with_interval(
    value: float | None, low: float | None, high: float | None, sign: bool = False, digits: int = 2
) -> str:
    """`+1.94 [+1.25, +2.64]`; the value alone is never printed without saying that it has no interval."""
    if value is None:
        return "–"
    if low is None or high is None:
        return f"{number(value, digits, sign)} [no interval]"
    return f"{number(value, digits, sign)} [{number(low, digits, sign)}, {number(high, digits, sign)}]"


def estimate(found: Estimate | None, sign: bool = False, digits: int = 2) -> str:
    """An estimate with its interval."""
    return "–" if found is None else with_interval(found.estimate, found.low, found.high, sign, digits)


def chance(p: float | None) -> str:
    """A p for a reader: `0.023`, or the bound of an exact fraction below 0.001, such as `≤ 1/2048`; never 0.000."""
    if p is None or math.isnan(p):
        return "–"
    if p >= 0.001:
        return f"{p:.2g}" if p < 0.995 else "1"
    return f"≤\u00a01/{min(10**9, math.floor(1 / max(p, 1e-300) * (1 + 1e-12))):,}"


def short_with_interval(value: float, low: float | None, high: float | None) -> str:
    """A difference of any size with its interval, three digits each: `+0.0123 [-0.00456, +0.0292]`."""
    if low is None or high is None or not (math.isfinite(low) and math.isfinite(high)):
        return f"{value:+z.3g} [no interval]"
    return f"{value:+z.3g} [{low:+z.3g}, {high:+z.3g}]"
