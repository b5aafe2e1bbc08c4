"""What the plan says of attacks."""

from analysis.report.sections import cost
from studies.account import answers
from studies.account.claims.plan_claim import PlanClaim

CLAIMS = (
    PlanClaim(
        said="Critical networks are more robust to attacks.",
        where="5, transfer learning and robustness (and Yoshida and Miyato 2017)",
        study="robustness",
        answer=answers.contrasts(
            ("weak static", "none"),
            ("static", "none"),
            ("strong static", "none"),
            ("spectrum", "none"),
            beside=[
                *(("frobenius", "none"), ("strong frobenius", "none"), ("weak static", "frobenius")),
                *(("strong static", "strong frobenius"), ("strong static", "adversarial")),
            ],
            sections=[cost.section],
        ),
        picture="forest",
        would_change="Strengths tuned for robustness on both sides, and an attack that needs no gradient.",
    ),
    PlanClaim(
        said="So are convolutional ones.",
        where="5, transfer learning and robustness (and Cisse et al. 2017)",
        study="robustness_images",
        answer=answers.contrasts(
            ("static", "none"),
            ("weak static", "none"),
            beside=[("frobenius", "none"), ("static", "frobenius"), ("static", "adversarial")],
            sections=[cost.section],
        ),
        picture="forest",
        would_change="Strengths tuned for robustness on both sides, and an attack that needs no gradient.",
    ),
)
