"""What the research plan claims or hopes for, each with the study that asked and what would change our mind."""

from studies.account.claims import (
    architectures,
    benefits,
    conditions,
    continual_learning,
    controls,
    criticality,
    optimal_control,
    robustness,
    targets,
)
from studies.account.claims.plan_claim import PlanClaim

__all__ = ["CLAIMS", "NOT_TESTABLE", "NOT_TESTED", "PlanClaim"]

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
        conditions,
        controls,
    )
    for claim in part.CLAIMS
)

NOT_TESTABLE = (
    (
        "Training strategies derived from statistical mechanics, not heuristics.",
        '"Paradigm shift opportunity"; 6',
        "no derivation exists to test: the costate equations of docs/theory.md say what an optimal control must "
        "satisfy, and solving them needs the gradient of the final loss by every step. What a search found in their "
        "place is the claim on optimal control",
    ),
    (
        "A connection between physics principles, complexity science and machine learning.",
        '"Theoretical contribution"; "theoretical unification"',
        "a connection is no prediction. Its predictions that could be stated (criticality at sigma_w = 1, scale by "
        "fan, targets that fall with depth, gains at the edge of chaos) are claims of their own on this page",
    ),
    (
        "Fundamental limits.",
        "6, mathematical framework",
        "a limit holds for all methods; a study compares some",
    ),
    (
        "A paradigm shift: from engineering to physics-based principles.",
        '"Revolutionary potential"',
        "no outcome of an experiment decides it",
    ),
    (
        "Dead units, sensitivity and fractal dimension are meaningful indicators.",
        '1, "validated core concepts"',
        "meaningful for what was not said. As signals that move a target they are part of the claim on schedules, as "
        "measures of a task's difficulty of the claims on complexity and prediction",
    ),
)
"""What the plan says that no study here can decide: the words, where they stand, and why."""

NOT_TESTED = (
    "networks of more than a few hundred thousand numbers, or trained on more than 4000 samples",
    "on real data, a penalty and its competitors tuned alike: strengths were chosen once, in pilots on other seeds",
    "a theory: what is measured here neither needs nor supports one",
)
