"""What the plan says of targets, schedules and capacities."""

from analysis.report.sections import capacity, claim, tasks
from studies.account import answers
from studies.account.claims.plan_claim import PlanClaim

CLAIMS = (
    PlanClaim(
        said=(
            "A linear schedule from 2.5 to 1.0 gains 1 to 2.2 % over a static target at widths 16, 32 and 64, and"
            " loses 1.1 % at width 8."
        ),
        where="2D, the table of capacities",
        study="replication",
        answer=answers.contrasts(("linear", "static")),
        picture="paired-linear-static",
        would_change=(
            "Nothing about these networks: the gain over a static target is there. It is a gain over a penalty "
            "that costs more than that; see the next claim."
        ),
    ),
    PlanClaim(
        said="So spectral regularization with a linear schedule improves performance.",
        where='2D, "breakthrough validation"',
        study="replication",
        answer=answers.contrasts(("linear", "none"), ("static", "none")),
        picture="forest",
        would_change="A condition in which a penalised arm beats `none` on held-out data by the margin.",
    ),
    PlanClaim(
        said=(
            "The effect of a linear schedule depends on capacity relative to the problem: it hurts small "
            "networks, is best at 16 to 32 and fades above."
        ),
        where="2D, capacity threshold effect",
        study="capacity",
        answer=answers.contrasts(("linear", "static"), ("linear", "none"), sections=[tasks.section, capacity.section]),
        picture="forest",
        would_change="A change with width of the gain over `none`, not of the gain over static, that ends above 0.",
    ),
    PlanClaim(
        said="Capacity-adaptive scheduling gains 1.9 %.",
        where="3, corrected there to +0.21 %, p = 0.67",
        study="founding_lesson",
        answer=answers.contrasts(("adaptive", "linear"), ("adaptive", "none"), sections=[claim.section]),
        picture="claim",
        would_change="A gain of adaptive over linear at equal epochs whose interval lies above 0.",
    ),
    PlanClaim(
        said="The start of the target should scale with capacity to the power -0.2.",
        where="3A",
        study="beta_sweep",
        answer=answers.contrasts(
            *((f"beta {beta}", "beta 0") for beta in ("-0.5", "-0.35", "-0.2", "0.2", "0.35", "0.5"))
        ),
        picture="sweep-beta",
        would_change="An exponent that beats 0 by the margin and beats `none` at all.",
    ),
    PlanClaim(
        said="Matching the schedule to the capacity makes the improvement universal.",
        where="3B",
        study="adaptive_across_tasks",
        answer=answers.contrasts(("adaptive", "linear"), ("adaptive", "static"), ("adaptive", "none")),
        picture="forest",
        would_change="A gain of adaptive over `none` on two of the three tasks.",
    ),
    PlanClaim(
        said="The gain falls with the complexity of the task's boundary, r = -0.99 (over three data sets).",
        where="2C",
        study="across_tasks",
        answer=answers.correlations(("linear", "static"), ("linear", "none")),
        picture="complexity",
        would_change="More tasks of each family: 14 tasks of five families are not 14 independent draws.",
    ),
    PlanClaim(
        said="sigma = 1.0 is the target to aim at.",
        where='2A, "universal sigma = 1.0 target"',
        study="sigma_sweep",
        answer=answers.special_sigma,
        picture="sweep-sigma-end",
        would_change="A best target at 1.0 on networks without rectified units, recurrent ones above all.",
    ),
    PlanClaim(
        said="A target that moves beats a static one.",
        where="2B",
        study="schedules",
        answer=answers.contrasts(
            *(
                (name, "static")
                for name in ("linear", "exponential", "step", "cosine", "plateau", "dead units", "sensitivity")
            )
        ),
        picture="forest",
        would_change=(
            "A schedule that beats `none`: against a static target, moving later to a harmful target is an advantage."
        ),
    ),
    PlanClaim(
        said="Learning rates should come from the distance to criticality.",
        where='"Paradigm shift opportunity"',
        study="schedules",
        answer=answers.contrasts(("none, rate from sigma", "none"), ("linear, rate from sigma", "linear")),
        picture="forest",
        would_change="The same with the base learning rate tuned on both sides.",
    ),
    PlanClaim(
        said="From a task's boundary complexity, the best capacity and the best target can be predicted.",
        where="3C",
        study="predict_capacity",
        answer=answers.predictions,
        picture="forest",
        would_change="A regret below that of a constant guess on tasks that were left out, over more families.",
    ),
    PlanClaim(
        said="sigma should fall (or rise) from layer to layer, sigma_l = sigma_0 * l ** (-exponent).",
        where="4, renormalization group",
        study="depth_profile",
        answer=answers.contrasts(*((f"exponent {exponent}", "exponent 0") for exponent in ("-1", "-0.5", "0.5", "1"))),
        picture="sweep-depth-exponent",
        would_change="A profile that beats `none`, at depths where training is hard without one.",
    ),
    PlanClaim(
        said="So it should in convolutional networks and transformers.",
        where="4, renormalization group; 5",
        study="depth_profile_networks",
        answer=answers.contrasts(*((f"exponent {exponent}", "exponent 0") for exponent in ("-1", "-0.5", "0.5", "1"))),
        picture="sweep-depth-exponent",
        would_change="A profile that beats `none` and a uniform target, in networks of more layers.",
    ),
)
