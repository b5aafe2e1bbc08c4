"""Studies that `make chaos` kills, one of each way to train: every one takes some ten seconds on two cores."""

from tests.tools.study_file import HEAD

_ENDS = """
    arms={"none": Treatment.none(), "static": Treatment(strength=0.1, sigma_end=1.0)},
    contrasts=[("static", "none")],
"""

STUDIES = {
    "stacked": f"""{HEAD}
STUDY = Study(
    question="Is it whole?",
    conditions=grid(task=[moons(samples=60)], network=[mlp(width=w) for w in (4, 8, 12, 16)], epochs=[40_000]),
    {_ENDS}
    seeds=Seeds(confirm=range(9)),
    outcome=Outcome(metric="test_accuracy", descriptive=("train_accuracy",)),
)
""",
    "in turn": f"""{HEAD}
STUDY = Study(
    question="Is it whole?",
    conditions=grid(task=[moons(samples=60)], network=[mlp(width=w, dropout=0.1) for w in (4, 8, 12)], epochs=[500]),
    {_ENDS}
    seeds=Seeds(confirm=range(9)),
    outcome=Outcome(metric="test_accuracy"),
)
""",
    "searching": f"""{HEAD}
from ray import tune

STUDY = Study(
    question="Is it whole?",
    conditions=grid(task=[moons(samples=60)], network=[mlp(width=4), mlp(width=8)], epochs=[10_000]),
    {_ENDS}
    seeds=Seeds(search=range(3), confirm=range(100, 112)),
    search=Search(
        treatment_space={{"sigma_end": tune.uniform(0.5, 4.0)}},
        nuisance_space={{"learning_rate": tune.loguniform(1e-3, 1e-1)}},
        configurations=6,
        batch=3,
    ),
)
""",
    "curriculum": f"""{HEAD}
from spectra_tune.tasks import digits, permuted

STUDY = Study(
    question="Is it whole?",
    conditions=grid(
        task=[permuted(digits(samples=200), phases=4)], network=[mlp(width=w) for w in (8, 12, 16)], epochs=[1_000]
    ),
    {_ENDS}
    seeds=Seeds(confirm=range(9)),
    outcome=Outcome(metric="online_accuracy"),
)
""",
}
