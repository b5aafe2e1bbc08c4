"""What the plan hopes to know of where it helps: conditions, and predictions for new ones."""

from analysis.report.sections import factors
from studies.account import answers
from studies.account.claims.plan_claim import PlanClaim
from studies.condition_map_confirmed import BEST, GAINED

CLAIMS = (
    PlanClaim(
        said="There are conditions in which it gains 1 % or more, with p < 0.01.",
        where='4, "condition identification"; "minimum viable research"',
        study="condition_map_confirmed",
        answer=answers.contrasts(
            *((arm, "none") for arm in GAINED),
            beside=[
                *((rival, "none") for rival in ("frobenius 0.001", "to init 0.01", "orthogonal")),
                *((BEST, rival) for rival in ("frobenius 0.001", "to init 0.01", "orthogonal")),
            ],
        ),
        picture="forest",
        would_change="Rivals and learning rates tuned as long in each of these Conditions.",
    ),
    PlanClaim(
        said="Where it helps can be predicted.",
        where='"Predictive models for optimal training strategies"; 4, "decision framework"',
        study="condition_map",
        answer=answers.predicted_gains(factors.section),
        picture="factors",
        would_change="A model of ten times as many Conditions: the whole map (docs/reference/condition-map.md).",
    ),
)
