"""What others say of networks that go on learning, and the plan of transfer."""

from analysis.report.sections import cost
from studies.account import answers, by_capacity
from studies.account.claims.plan_claim import PlanClaim

CLAIMS = (
    PlanClaim(
        said="It keeps networks able to learn where tasks follow one another.",
        where="(not the plan's: Lewandowski et al. 2025; Dohare et al. 2024)",
        study="plasticity",
        answer=answers.contrasts(
            ("static", "none"),
            ("spectrum", "none"),
            beside=[
                *(("frobenius", "none"), ("to init", "none"), ("strong to init", "none")),
                *(("static", "to init"), ("spectrum", "to init"), ("spectrum", "strong to init")),
                *(("spectrum", "static"), ("static, layer norm", "layer norm"), ("spectrum, layer norm", "layer norm")),
                ("spectrum", "layer norm"),
            ],
            sections=[cost.section],
        ),
        picture="curves",
        would_change="Strengths and learning rates tuned as long on both sides, on other data and larger networks.",
    ),
    PlanClaim(
        said="It does so for convolutional networks whose labels change names.",
        where="(not the plan's: Lewandowski et al. 2025)",
        study="plasticity_images",
        answer=answers.contrasts(
            ("static", "none"),
            ("weak static", "none"),
            beside=[("frobenius", "none"), ("to init", "none"), ("static", "frobenius"), ("static", "to init")],
            sections=[cost.section],
        ),
        picture="forest",
        would_change="A penalty that also beats the way back to the initial weights.",
    ),
    PlanClaim(
        said="What it gains follows a power law of the size of the network.",
        where="4, scaling laws; 5, scaling law validation",
        study="scaling",
        answer=by_capacity.power_laws(
            ("static", "none"),
            ("spectrum", "none"),
            beside=[("to init", "none"), ("spectrum", "to init")],
            sections=[cost.section],
        ),
        picture="forest",
        would_change="Gains over more than a factor of 16 in width, at strengths that are tuned at every width.",
    ),
    PlanClaim(
        said="It lets networks forget less.",
        where="5, transfer learning and robustness",
        study="forgetting",
        answer=answers.contrasts(
            ("static", "none"),
            ("spectrum", "none"),
            beside=[("frobenius", "none"), ("to init", "none"), ("static", "to init"), ("spectrum", "to init")],
            sections=[cost.section],
        ),
        picture="forest",
        would_change="A head for each phase, or samples that are kept.",
    ),
    PlanClaim(
        said="What is learnt with it transfers better.",
        where="5, transfer learning and robustness",
        study="transfer_learning",
        answer=answers.contrasts(
            ("static", "none"),
            ("spectrum", "none"),
            beside=[("frobenius", "none"), ("static", "frobenius"), ("spectrum", "frobenius")],
            sections=[cost.section],
        ),
        picture="forest",
        would_change="A gain over `none` with 25 samples that shrinkage does not give.",
    ),
    PlanClaim(
        said="Tuned as long, it keeps networks able to learn better than its strongest rival.",
        where="(not the plan's: the test of the claims on plasticity)",
        study="plasticity_tuned",
        answer=answers.contrasts(
            ("spectrum", "none"),
            ("spectrum", "to init"),
            ("spectrum", "frobenius"),
            sections=[*answers.SEARCH, cost.section],
        ),
        picture="forest",
        would_change="The same on other data and networks.",
    ),
)
