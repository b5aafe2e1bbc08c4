"""What a reader is told before the numbers come."""

from analysis.report.findings import Findings
from analysis.report.words import HOW_TO_READ


def lines(_: Findings) -> list[str]:
    """The same for every study."""
    return ["## How to read this", "", HOW_TO_READ, ""]
