"""What the plan says of networks at the edge of chaos, of information flow and of scale."""

from analysis.report.sections import convergence, cost, gradient_flow
from studies.account import answers
from studies.account.claims.plan_claim import PlanClaim

CLAIMS = (
    PlanClaim(
        said="At the edge of chaos it is the largest singular value that counts.",
        where='"Intelligence at the edge of chaos"; 5 (and Vorontsov et al. 2017)',
        study="edge_of_chaos",
        answer=answers.contrasts(
            ("static", "none"),
            ("spectrum", "none"),
            ("weak spectrum", "none"),
            beside=[
                *(("frobenius", "none"), ("to init", "none"), ("spectrum", "static"), ("spectrum", "to init")),
                *(("spectrum, orthogonal", "orthogonal"), ("spectrum", "orthogonal")),
            ],
            sections=[convergence.section, cost.section],
        ),
        picture="forest",
        would_change="The same with longer sequences and wider networks.",
    ),
    PlanClaim(
        said="Tuned as long, with any start, the whole spectrum near one value helps recurrent networks.",
        where="(not the plan's: the test of the claims on the edge of chaos)",
        study="recurrent_tuned",
        answer=answers.contrasts(
            ("spectrum", "none"), ("spectrum", "frobenius"), sections=[*answers.SEARCH, cost.section]
        ),
        picture="forest",
        would_change="The same with longer sequences, wider networks and gated cells tuned as long.",
    ),
    PlanClaim(
        said="Information flows through deep networks at criticality.",
        where='"Information flow"; 4 (and Pennington et al. 2017)',
        study="deep",
        answer=answers.contrasts(
            ("static", "none"),
            ("spectrum", "none"),
            beside=[
                *(("frobenius", "none"), ("spectrum", "static")),
                *(("spectrum", "layer norm"), ("spectrum", "orthogonal")),
            ],
            sections=[gradient_flow.section, convergence.section, cost.section],
        ),
        picture="gradient-flow",
        would_change="A gain over an orthogonal start of the same gain.",
    ),
    PlanClaim(
        said="A target by fan suits every width.",
        where="3, capacity-dependent sigma (and Yang, Simon and Bernstein 2023)",
        study="targets_by_fan",
        answer=answers.contrasts(
            ("by fan", "none"),
            ("uniform", "none"),
            beside=[("by fan", "uniform")],
            sections=[cost.section],
        ),
        picture="forest",
        would_change="A gain over one target for all layers at every width.",
    ),
    PlanClaim(
        said="A new class of optimizers keeps networks critical by itself.",
        where="6, scale-invariant optimization (and Jordan et al. 2024)",
        study="scale_invariant",
        answer=answers.contrasts(
            ("static", "none"),
            ("muon, static", "muon"),
            beside=[("muon", "none")],
            sections=[cost.section],
        ),
        picture="forest",
        would_change="A penalty that gains beside Muon at the learning rate that is best without it.",
    ),
)
