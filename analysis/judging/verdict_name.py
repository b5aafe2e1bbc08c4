"""The names of verdicts, and what those that share something share."""

from enum import StrEnum


class VerdictName(StrEnum):
    """What a contrast may claim, in the order in which the rules are asked."""

    NOT_COMPARABLE = "not comparable"
    UNDERPOWERED = "under-powered by design"
    UNINFORMATIVE = "uninformative"
    UNSAFE = "unsafe"
    SUPPORTED_AT_LEAST_THE_MARGIN = "supported, at least the margin"
    SUPPORTED_BUT_NEGLIGIBLE = "supported but negligible"
    SUPPORTED_SIZE_OPEN = "supported, size open"
    HARMFUL_AT_LEAST_THE_MARGIN = "harmful, at least the margin"
    HARMFUL_BUT_NEGLIGIBLE = "harmful but negligible"
    HARMFUL_SIZE_OPEN = "harmful, size open"
    EQUIVALENT = "equivalent"
    INCONCLUSIVE = "inconclusive"


AT_LEAST_THE_MARGIN = frozenset({VerdictName.SUPPORTED_AT_LEAST_THE_MARGIN, VerdictName.HARMFUL_AT_LEAST_THE_MARGIN})
"""There is a difference, shown to reach the margin."""

NEGLIGIBLE = frozenset({VerdictName.SUPPORTED_BUT_NEGLIGIBLE, VerdictName.HARMFUL_BUT_NEGLIGIBLE})
"""There is a difference, shown to be within the margin."""

SIZE_OPEN = frozenset({VerdictName.SUPPORTED_SIZE_OPEN, VerdictName.HARMFUL_SIZE_OPEN})
"""There is a difference, and neither is shown."""

SUPPORTED = frozenset({VerdictName.SUPPORTED_AT_LEAST_THE_MARGIN, VerdictName.SUPPORTED_SIZE_OPEN})
"""The treatment gains, and it may matter."""

HARMFUL = frozenset({VerdictName.HARMFUL_AT_LEAST_THE_MARGIN, VerdictName.HARMFUL_SIZE_OPEN})
"""The treatment loses, and it may matter."""

WITHOUT_A_GAIN_THAT_MATTERS = NEGLIGIBLE | {VerdictName.EQUIVALENT}
"""Shown to be within the margin."""

CLAIMS = SUPPORTED | HARMFUL | NEGLIGIBLE
"""There is a difference."""
