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
    PlanClaim(
        said="So it is where the goal is robustness.",
        where="6, optimal control",
        study="optimal_control_robustness",
        answer=answers.contrasts(("knots", "static"), ("knots", "none"), sections=[*answers.SEARCH, cost.section]),
        picture="forest",
        would_change="A gain under attack over a static target that is tuned as long, by the margin.",
    ),
    PlanClaim(
        said="So it is on the plan's own border.",
        where="6, optimal control, and 2C",
        study="optimal_control_border",
        answer=answers.contrasts(("knots", "static"), ("knots", "none"), sections=[*answers.SEARCH, cost.section]),
        picture="forest",
        would_change="A gain over a static target that is tuned as long, by the margin.",
    ),
)
