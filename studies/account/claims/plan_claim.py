"""A claim of the research plan, and where its answer is."""

from collections.abc import Callable
from dataclasses import dataclass

from analysis.report import Findings
from studies.account.answers import Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanClaim:
    """A claim of the plan, and where its answer is."""

    said: str
    where: str  # phase of the plan
    study: str
    answer: Callable[[Findings], Answer]
    picture: str  # a picture of the study's report, by its file name without ending
    would_change: str
