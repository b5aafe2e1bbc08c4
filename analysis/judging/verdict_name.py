"""The names of verdicts, and what those that share something share."""

from enum import StrEnum


class VerdictName(StrEnum):
    """What a contrast may claim, in the order in which the rules are asked."""

    NOT_COMPARABLE = "not comparable"
    UNDERPOWERED = "under-powered by design"
    UNINFORMATIVE = "uninformative"
    UNSAFE = "unsafe"
    AT_LEAST_THE_MARGIN = "supported, at least the margin"
    NEGLIGIBLE = "supported but negligible"
    SIZE_OPEN = "supported, size open"
    HARMFUL = "harmful"
    EQUIVALENT = "equivalent"
    INCONCLUSIVE = "inconclusive"


SUPPORTED = frozenset({VerdictName.AT_LEAST_THE_MARGIN, VerdictName.SIZE_OPEN})
"""The treatment gains, and it may matter."""

WITHOUT_A_GAIN_THAT_MATTERS = frozenset({VerdictName.NEGLIGIBLE, VerdictName.EQUIVALENT})
"""Shown to be within the margin."""

CLAIMS = SUPPORTED | {VerdictName.NEGLIGIBLE, VerdictName.HARMFUL}
"""There is a difference."""
