"""What the plan says that the penalty is good for, on one task at a time."""

from studies.account import answers
from studies.account.claims.plan_claim import PlanClaim

CLAIMS = (
    PlanClaim(
        said="Training is 5 to 15 % more efficient.",
        where="Success metrics",
        study="convergence",
        answer=answers.efficiency,
        picture="curves",
        would_change="A ratio of epochs to the threshold whose interval lies below 0.95 on some task.",
    ),
    PlanClaim(
        said="It integrates with modern optimization: Adam, learning-rate schedules.",
        where='4, "ambitious but realistic"',
        study="optimizers",
        answer=answers.contrasts(("linear", "none"), ("static", "none")),
        picture="forest",
        would_change="A gain over `none` with any of these optimizers.",
    ),
    PlanClaim(
        said="There is an overhead below which it is worth it.",
        where='4, "computational overhead thresholds"',
        study="overhead",
        answer=answers.costs,
        picture="cost",
        would_change="A gain: without one, no overhead is low enough.",
    ),
    PlanClaim(
        said="Tuned, it is better than what a network without it reaches, tuned as long.",
        where='4, "when does it provide 1 % with p < 0.01"',
        study="tuned_against_tuned",
        answer=answers.tuned_sides,
        picture="forest",
        would_change=(
            "A confirmed gain of a tuned penalty. Its search space holds strengths near 0, so that the penalty "
            "can at least come close to none."
        ),
    ),
    PlanClaim(
        said="Performance depends less on hyperparameters.",
        where="Practical impact",
        study="sigma_beta_width",
        answer=answers.hyperparameter_sensitivity,
        picture="tunability",
        would_change="A larger share of the shared space within the margin of the best, with the penalty than without.",
    ),
    PlanClaim(
        said="The schedule from 2.5 to 1.0 explores first and exploits later.",
        where='2D, "mechanistic insight"; its controls were missing',
        study="confounds",
        answer=answers.contrasts(
            ("linear", "none"),
            ("linear", "He init"),
            ("linear", "init gain 2.5"),
            beside=[
                *(("linear", f"weight decay {decay}") for decay in ("0.003", "0.006", "0.014")),
                *((f"init gain {gain}", "none") for gain in ("1.5", "2", "2.5", "3")),
                ("He init", "none"),
                ("linear, one-sided", "linear"),
            ],
        ),
        picture="forest",
        would_change="A gain of linear over every control that starts or stays at the same scale.",
    ),
    PlanClaim(
        said="The penalty controls sigma, and with it the spread over seeds.",
        where="1",
        study="does_it_regularize",
        answer=answers.regularization,
        picture="sigmas",
        would_change="Nothing about sigma: it is measured. About the spread: other tasks.",
    ),
)
