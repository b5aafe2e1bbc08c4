"""What the plan and others say of other networks and real data."""

from analysis.report.sections import convergence, cost
from studies.account import answers
from studies.account.claims.plan_claim import PlanClaim

CLAIMS = (
    PlanClaim(
        said="It carries over to convolution kernels and real pictures.",
        where='4, "benefits on non-toy datasets and architectures"; 5, CNNs',
        study="fashion_images",
        answer=answers.contrasts(
            ("static", "none"),
            ("static 3", "none"),
            ("linear", "none"),
            beside=[("frobenius", "none"), ("static", "frobenius"), ("linear", "frobenius")],
            sections=[convergence.section, cost.section],
        ),
        picture="forest",
        would_change="A gain over `none` by the margin that shrinkage of the same weights does not give.",
    ),
    PlanClaim(
        said="It carries over to attention matrices.",
        where="4 and 5, transformers",
        study="attention",
        answer=answers.contrasts(
            ("queries and keys", "none"),
            ("feed-forward", "none"),
            ("all", "none"),
            beside=[("frobenius", "none"), ("feed-forward", "queries and keys"), ("all", "frobenius")],
            sections=[convergence.section, cost.section],
        ),
        picture="forest",
        would_change="A lower loss per character than `none` and than shrinkage, by the margin.",
    ),
    PlanClaim(
        said="Networks work best at the edge of chaos, and recurrent ones are where it is.",
        where='"Intelligence at the edge of chaos"; 5',
        study="recurrent",
        answer=answers.contrasts(
            ("strength 0.1", "none"),
            ("strength 1", "none"),
            ("linear", "none"),
            beside=[("frobenius", "none"), ("strength 1", "frobenius"), ("strength 1", "gated")],
            sections=[convergence.section, cost.section],
        ),
        picture="forest",
        would_change="The same against an orthogonal start, and with a penalty on the whole spectrum.",
    ),
    PlanClaim(
        said="A recurrent matrix at the edge of chaos remembers for longer.",
        where='"Intelligence at the edge of chaos"; 5',
        study="recurrent_adding",
        answer=answers.contrasts(
            ("strength 0.1", "none"),
            ("strength 1", "none"),
            beside=[("frobenius", "none"), ("strength 1", "gated")],
            sections=[convergence.section, cost.section],
        ),
        picture="forest",
        would_change="A lower squared error than `none` at the longer length.",
    ),
    PlanClaim(
        said="It carries over to graph networks, whatever their depth.",
        where="5, architecture generalization",
        study="graphs",
        answer=answers.contrasts(
            ("static", "none"),
            ("linear", "none"),
            beside=[("frobenius", "none"), ("static", "frobenius"), ("residual", "none"), ("static", "residual")],
            sections=[convergence.section, cost.section],
        ),
        picture="forest",
        would_change="A gain over `none` at 8 layers that residual links do not give.",
    ),
    PlanClaim(
        said="Practitioners gain from it on the tables that they have.",
        where="Practical impact",
        study="tabular",
        answer=answers.contrasts(
            ("static", "none"),
            ("linear", "none"),
            beside=[("frobenius", "none"), ("static", "frobenius")],
            sections=[convergence.section, cost.section],
        ),
        picture="forest",
        would_change="A gain over `none` under AdamW and a cosine learning rate.",
    ),
    PlanClaim(
        said="It closes the generalization gap of large batches.",
        where="(not the plan's: Yoshida and Miyato 2017)",
        study="batch_size",
        answer=answers.contrasts(
            ("static", "none"),
            beside=[
                *(("frobenius", "none"), ("static", "frobenius")),
                *(("weight decay", "none"), ("static", "weight decay")),
            ],
            sections=[convergence.section, cost.section],
        ),
        picture="forest",
        would_change="A gain at batches of 2,048 that weight decay does not give.",
    ),
    PlanClaim(
        said="It protects against wrong labels where data are few.",
        where="(not the plan's: Yoshida and Miyato 2017)",
        study="label_noise",
        answer=answers.contrasts(
            ("static", "none"),
            ("linear", "none"),
            beside=[
                *(("frobenius", "none"), ("strong frobenius", "none")),
                *(("static", "frobenius"), ("static", "strong frobenius"), ("static", "none, stopped early")),
            ],
            sections=[convergence.section, cost.section],
        ),
        picture="forest",
        would_change="Strengths tuned on both sides, and shrinkage tuned as long.",
    ),
)
