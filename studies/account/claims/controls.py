"""What this pipeline says where there is nothing to find."""

from studies.account import answers
from studies.account.claims.plan_claim import PlanClaim

CLAIMS = (
    PlanClaim(
        said="(Not the plan's: what this pipeline claims where there is nothing.)",
        where="the control of the controls",
        study="aa_control",
        answer=answers.false_positives,
        picture="forest",
        would_change="A rate whose interval lies above alpha would make every sentence on this page worthless.",
    ),
)
