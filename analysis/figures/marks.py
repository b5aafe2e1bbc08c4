"""How a verdict looks: a mark that is told apart without colour, in pictures and in tables."""

from analysis.judging.verdict_name import VerdictName

MARKS = {
    VerdictName.SUPPORTED_AT_LEAST_THE_MARGIN: "▲",
    VerdictName.SUPPORTED_SIZE_OPEN: "△",
    VerdictName.SUPPORTED_BUT_NEGLIGIBLE: "▵",
    VerdictName.EQUIVALENT: "≈",
    VerdictName.HARMFUL_BUT_NEGLIGIBLE: "▿",
    VerdictName.HARMFUL_SIZE_OPEN: "▽",
    VerdictName.HARMFUL_AT_LEAST_THE_MARGIN: "▼",
    VerdictName.INCONCLUSIVE: "◌",
    VerdictName.UNDERPOWERED: "◦",
    VerdictName.UNINFORMATIVE: "∅",
    VerdictName.UNSAFE: "⚠",
    VerdictName.NOT_COMPARABLE: "✕",
}
"""One character each, of matplotlib's own font."""


def marked(name: VerdictName) -> str:
    """A verdict's name behind its mark."""
    return f"{MARKS[name]} {name}"
