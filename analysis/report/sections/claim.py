"""A claim of others, taken apart."""

from analysis.report.findings import Findings
from analysis.report.words import estimate, number


def lines(found: Findings) -> list[str]:
    """The parts of each Condition; nothing without a claim."""
    if not found.parts:
        return []
    lines = ["## The claim taken apart", ""]
    for label, parts in found.parts.items():
        lines += [f"**{label}**: {number(parts.claimed, sign=True)} pp were claimed.", ""]
        lines += ["| part | pp [95 %] | seeds |", "|---|---|---|"]
        lines += [f"| {part.name} | {estimate(part.effect, sign=True)} | {part.effect.n} |" for part in parts.parts]
        lines += [f"| **sum: the claim** | **{number(parts.claimed, sign=True)}** | |"]
        lines += [
            f"| found here, all steps together | {estimate(parts.reproduced, sign=True)} | {parts.reproduced.n} |"
        ]
        lines += [""]
    return [*lines, "The order of the steps is a choice; a part that spans epochs is never a verdict.", ""]
