"""How often equal Treatments were called different."""

from analysis.report.cells import percent
from analysis.report.findings import Findings
from analysis.report.words import estimate


def lines(found: Findings) -> list[str]:
    """Error rates of repeated Treatments; nothing where there are none."""
    if not found.error_rates:
        return []
    lines = ["## How often nothing is called something", ""]
    for one in found.error_rates:
        share = estimate(percent(one.rate), digits=1)
        lines.append(
            f"- {one.contrast}: both arms are the same Treatment. Of {one.rate.n} sub-studies of {one.seeds_each} "
            f"seeds each, {share} % claimed a difference; alpha allows {100 * found.study.outcome.alpha:g} %."
        )
    return [*lines, ""]
