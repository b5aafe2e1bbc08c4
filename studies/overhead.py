"""What the penalty costs, by width and batch, beside what it gains: from which gain on it would pay."""

from spectra_tune.design import Arm, Contrast, Outcome, Seeds, Study, Treatment, grid
from spectra_tune.networks import mlp
from spectra_tune.tasks import moons

NONE = Treatment.none()
EPOCHS, LONGER = 50, 75

STUDY = Study(
    question="What does the penalty cost by width and batch size, and what would the same time buy without it?",
    conditions=grid(
        task=[moons()],
        network=[mlp(width=width) for width in (16, 64, 256)],
        batch_size=[None, 128],
        epochs=[EPOCHS],
    ),
    arms={
        "none": NONE,
        "static": Treatment(schedule="static", sigma_end=1.0, strength=0.1),
        "linear": Treatment(schedule="linear", sigma_start=2.5, sigma_end=1.0, strength=0.1),
        "none, half as long again": Arm(treatment=NONE, changes={"epochs": LONGER}),
    },
    contrasts=[
        ("static", "none"),
        ("linear", "none"),
        Contrast(treatment="linear", baseline="none, half as long again", differs={"epochs"}),
    ],
    seeds=Seeds(confirm=range(740, 752)),
    outcome=Outcome(metric="test_accuracy", margin_pp=1.0, alpha=0.01),
)
