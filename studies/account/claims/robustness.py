"""What the plan says of attacks."""

from analysis.report.sections import cost, robustness
from studies.account import answers, by_capacity
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
        would_change="An attack that needs no gradient, and other norms.",
    ),
    PlanClaim(
        said="Tuned for robustness on both sides, they are more robust than networks under shrinkage.",
        where="(not the plan's: the test of the claims on attacks)",
        study="robustness_tuned",
        answer=answers.contrasts(
            ("static", "none"), ("static", "frobenius"), sections=[*answers.SEARCH, robustness.section, cost.section]
        ),
        picture="forest",
        would_change="An attack that needs no gradient, and training against the attack tuned as long.",
    ),
    PlanClaim(
        said="What it gains under attack depends on capacity.",
        where="5, robustness, and 2D, capacity",
        study="adversarial_capacity",
        answer=by_capacity.depends_on_width(
            ("static", "none"),
            ("strong static", "none"),
            beside=[("frobenius", "none"), ("strong static", "frobenius")],
            sections=[robustness.section, cost.section],
        ),
        picture="forest",
        would_change="Strengths that are tuned at every width, and networks that are deeper.",
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
