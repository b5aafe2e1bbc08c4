"""The plan's phase 2B and its phase 4's feedback: how the target of sigma should move, if it should."""

from spectra_tune.design import Arm, Contrast, DistanceToCriticality, Outcome, Seeds, Study, Treatment, grid
from spectra_tune.networks import mlp
from spectra_tune.tasks import border, moons

MOVING = ("linear", "exponential", "step", "cosine", "plateau", "dead_units", "sensitivity")
FROM_SIGMA = DistanceToCriticality(exponent=0.5, lowest=0.3, highest=3.0)


def moving(schedule: str) -> Treatment:
    return Treatment(schedule=schedule, sigma_start=2.5, sigma_end=1.0, strength=0.1)


STUDY = Study(
    question="Does a target that moves, by time or by training signals, beat a static one, and does either beat none?",
    conditions=[
        *grid(task=[moons()], network=[mlp(width=16)], epochs=[100]),
        *grid(task=[border()], network=[mlp(width=32)], epochs=[500]),
    ],
    arms={
        "none": Treatment.none(),
        "static": Treatment(schedule="static", sigma_end=1.0, strength=0.1),
        **{schedule.replace("_", " "): moving(schedule) for schedule in MOVING},
        "none, rate from sigma": Arm(treatment=Treatment.none(), changes={"learning_rate_schedule": FROM_SIGMA}),
        "linear, rate from sigma": Arm(treatment=moving("linear"), changes={"learning_rate_schedule": FROM_SIGMA}),
    },
    contrasts=[
        *((schedule.replace("_", " "), "static") for schedule in MOVING),
        *((schedule.replace("_", " "), "none") for schedule in (*MOVING, "static")),
        Contrast(treatment="none, rate from sigma", baseline="none", differs={"learning_rate_schedule"}),
        Contrast(treatment="linear, rate from sigma", baseline="linear", differs={"learning_rate_schedule"}),
    ],
    seeds=Seeds(confirm=range(480, 520)),
    outcome=Outcome(
        metric="test_balanced_accuracy", margin_pp=1.0, alpha=0.01, descriptive=("train_balanced_accuracy",)
    ),
    probes=["dead_units", "sensitivity"],
)
