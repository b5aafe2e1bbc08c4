"""How differences change with capacity."""

from analysis.describing.capacity_trend import CapacityTrend, with_capacity
from analysis.report.elements.findings import Findings
from analysis.report.elements.markdown import literal
from analysis.report.elements.section import Section
from analysis.report.elements.table import table
from analysis.report.elements.words import chance, with_interval
from analysis.statistics.scaling import PowerLaw, power_law


def section(found: Findings) -> Section | None:
    """Trends with width and whether they are power laws; nothing with fewer than three widths."""
    trends = with_capacity(found.study, found.judged)
    if not trends:
        return None
    lines = ["## With capacity (descriptive)", ""]
    lines += ["Change of the difference for each doubling of the width, over seeds.", ""]
    heads = ("task", "contrast", "widths", f"{found.metric.unit or 'gain'} per doubling", "n", "p of no straight line")
    rows = []
    for one in trends:
        trend, widths = one.interaction, ", ".join(f"{width:g}" for width in one.widths)
        fits = chance(trend.lack_of_fit_p)
        slope = with_interval(trend.estimate, trend.low, trend.high, sign=True)
        rows.append((one.label, str(one.contrast), widths, slope, f"{trend.n}", fits))
    lines += [*table(heads, rows), "Does the size of the mean difference follow a power law of the width?", ""]
    lines += [f"- {literal(f'{one.label}, {one.contrast}')}: {_power_law(one)}" for one in trends]
    return Section(lines=[*lines, ""])


def law_of(trend: CapacityTrend) -> PowerLaw | str:
    """The power law of the mean difference's size, where the widths can carry one, or why none is claimed."""
    sizes = [abs(mean) for mean in trend.means]
    if not (all(mean > 0 for mean in trend.means) or all(mean < 0 for mean in trend.means)):
        return "the mean differences are not all of one sign"
    found = power_law(trend.widths, sizes)
    return found if found.status == "claimed" else f"{'; '.join(found.reasons)} (x: the width)"


def _power_law(trend: CapacityTrend) -> str:
    found = law_of(trend)
    if isinstance(found, str):
        return f"no exponent claimed: {found}."
    exponent = with_interval(found.estimate, found.low, found.high, sign=True)
    return f"width to the power {exponent} over {found.n} widths."
