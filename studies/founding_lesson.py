"""The claim that started this project, taken apart: treatment at 100 epochs against a baseline at 50."""

from spectra_tune.design import Arm, Claim, Contrast, Outcome, Seeds, Study, Treatment, grid
from spectra_tune.networks import mlp
from spectra_tune.tasks import moons

LINEAR = Treatment(schedule="linear", sigma_start=2.5, sigma_end=1.0, strength=0.1)
ADAPTIVE = Treatment(schedule="linear", sigma_start=2.5, sigma_end=1.0, strength=0.1, beta=-0.2)

STUDY = Study(
    question="How much of the +1.9 pp claimed for a capacity-adaptive schedule is the schedule's, and how much epochs?",
    conditions=grid(task=[moons()], network=[mlp(width=width, depth=2) for width in (8, 32)], epochs=[100]),
    arms={
        "none": Treatment.none(),
        "linear, 50 epochs": Arm(treatment=LINEAR, changes={"epochs": 50}),
        "linear": LINEAR,
        "adaptive": ADAPTIVE,
    },
    contrasts=[
        ("adaptive", "linear"),
        ("adaptive", "none"),
        Contrast(treatment="adaptive", baseline="linear, 50 epochs", differs={"epochs"}),
    ],
    seeds=Seeds(confirm=range(200, 220)),
    outcome=Outcome(metric="test_accuracy", margin_pp=1.0, alpha=0.01, descriptive=("train_accuracy",)),
    claim=Claim(
        gain_pp=1.9,
        baseline="linear, 50 epochs",
        steps=[("100 epochs instead of 50", "linear"), ("adaptive instead of linear", "adaptive")],
    ),
)
