"""What the research plan claims or hopes for, each with the study that asked and what would change our mind."""

from studies.account.claims import (
    architectures,
    benefits,
    continual_learning,
    controls,
    criticality,
    optimal_control,
    robustness,
    targets,
)
from studies.account.claims.plan_claim import PlanClaim

__all__ = ["CLAIMS", "NOT_TESTED", "PlanClaim"]

CLAIMS = tuple(
    claim
    for part in (
        targets,
        benefits,
        architectures,
        continual_learning,
        criticality,
        optimal_control,
        robustness,
        controls,
    )
    for claim in part.CLAIMS
)

NOT_TESTED = (
    "networks of more than a few hundred thousand numbers, or trained on more than 4000 samples",
    "on real data, a penalty and its competitors tuned alike: strengths were chosen once, in pilots on other seeds",
    "a theory: what is measured here neither needs nor supports one",
)
