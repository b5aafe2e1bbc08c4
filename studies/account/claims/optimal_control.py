"""What the plan says of an optimal control of sigma over training."""

from analysis.report.sections import cost
from studies.account import answers
from studies.account.claims.plan_claim import PlanClaim

CLAIMS = (
    PlanClaim(
        said="An optimal control of sigma over training can be found, and beats a static target.",
        where="6, optimal control",
        study="optimal_control",
        answer=answers.contrasts(("knots", "static"), ("knots", "none"), sections=[*answers.SEARCH, cost.section]),
        picture="forest",
        would_change="A gain over a static target that is tuned as long, by the margin.",
    ),
)
