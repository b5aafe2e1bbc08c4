"""What the research plan claims or hopes for, each with the study that asked and what would change our mind."""

from collections.abc import Callable
from dataclasses import dataclass

from analysis.report import Findings
from analysis.report.sections import capacity, claim, convergence, cost, tasks
from studies.account import answers
from studies.account.answers import Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanClaim:
    """A claim of the plan, and where its answer is."""

    said: str
    where: str  # phase of the plan
    study: str
    answer: Callable[[Findings], Answer]
    picture: str  # a picture of the study's report, by its file name without ending
    would_change: str


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
            sections=[convergence.section, cost.section],
        ),
        picture="forest",
        would_change="A gain over an orthogonal start of the same gain.",
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
    PlanClaim(
        said="An optimal control of sigma over training can be found, and beats a static target.",
        where="6, optimal control",
        study="optimal_control",
        answer=answers.contrasts(("knots", "static"), ("knots", "none"), sections=[*answers.SEARCH, cost.section]),
        picture="forest",
        would_change="A gain over a static target that is tuned as long, by the margin.",
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
    PlanClaim(
        said="(Not the plan's: what this pipeline claims where there is nothing.)",
        where="the control of the controls",
        study="aa_control",
        answer=answers.false_positives,
        picture="forest",
        would_change="A rate whose interval lies above alpha would make every sentence on this page worthless.",
    ),
)

NOT_TESTED = (
    "networks of more than a few hundred thousand numbers, or trained on more than 4000 samples",
    "on real data, a penalty and its competitors tuned alike: strengths were chosen once, in pilots on other seeds",
    "a theory: what is measured here neither needs nor supports one",
)
