"""Wrong labels and little data: 300 digits, of which none, a fifth or two fifths are called another in training."""

from spectra_tune.design import Arm, Contrast, Outcome, Seeds, Study, Treatment, grid
from spectra_tune.networks import mlp
from spectra_tune.tasks import digits, noisy_labels

EPOCHS, EARLY = 200, 20

STUDY = Study(
    question="Does the penalty protect against wrong training labels, more than shrinkage or stopping early does?",
    conditions=grid(
        task=[noisy_labels(digits(samples=300), share=share) for share in (0.0, 0.2, 0.4)],
        network=[mlp(width=64)],
        epochs=[EPOCHS],
        batch_size=[32],
    ),
    arms={
        "none": Treatment.none(),
        "static": Treatment(schedule="static", sigma_end=1.0, strength=1.0),
        "linear": Treatment(schedule="linear", sigma_start=2.5, sigma_end=1.0, strength=1.0),
        "frobenius": Treatment(penalty="frobenius", strength=0.01),
        "strong frobenius": Treatment(penalty="frobenius", strength=0.03),
        "none, stopped early": Arm(treatment=Treatment.none(), changes={"epochs": EARLY}),
    },
    contrasts=[
        ("static", "none"),
        ("linear", "none"),
        ("frobenius", "none"),
        ("strong frobenius", "none"),
        ("static", "frobenius"),
        ("static", "strong frobenius"),
        Contrast(treatment="static", baseline="none, stopped early", differs={"epochs"}),
    ],
    seeds=Seeds(confirm=range(1140, 1160)),
    outcome=Outcome(
        metric="test_accuracy",
        margin_pp=1.0,
        alpha=0.01,
        descriptive=(
            "test_loss",
            "train_accuracy",
        ),
    ),
    threshold=0.75,
)
