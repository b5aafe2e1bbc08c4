"""How often equal Treatments were called different."""

from analysis.report.elements.cells import percent
from analysis.report.elements.findings import Findings
from analysis.report.elements.markdown import literal
from analysis.report.elements.section import Section
from analysis.report.elements.words import estimate


def section(found: Findings) -> Section | None:
    """Error rates of repeated Treatments; nothing where there are none."""
    if not found.error_rates:
        return None
    lines = ["## How often nothing is called something", ""]
    for one in found.error_rates:
        share = estimate(percent(one.rate), digits=1)
        lines.append(
            f"- {literal(str(one.contrast))}: both arms are the same Treatment. Of {one.rate.n} sub-studies of "
            f"{one.seeds_each} seeds each, {share} % claimed a difference; "
            f"alpha allows {100 * found.study.outcome.alpha:g} %."
        )
    return Section(lines=[*lines, ""])
