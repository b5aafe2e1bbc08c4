"""Tables as practitioners train on them: AdamW, cosine learning rates, small batches, widths 64 to 512."""

from spectra_tune.design import Outcome, Seeds, Study, Treatment, grid
from spectra_tune.networks import mlp
from spectra_tune.tasks import letters, satellite

STUDY = Study(
    question="Does the penalty help perceptrons on tables when they are trained as practitioners train them?",
    conditions=grid(
        task=[letters(samples=3000), satellite(samples=3000)],
        network=[mlp(width=64), mlp(width=512)],
        optimizer=["adamw"],
        learning_rate=[0.003],
        learning_rate_schedule=["cosine"],
        weight_decay=[0.01],
        epochs=[30],
        batch_size=[128],
    ),
    arms={
        "none": Treatment.none(),
        "static": Treatment(schedule="static", sigma_end=2.0, strength=0.01),
        "linear": Treatment(schedule="linear", sigma_start=2.5, sigma_end=1.0, strength=0.01),
        "frobenius": Treatment(penalty="frobenius", strength=0.0001),
    },
    contrasts=[("static", "none"), ("linear", "none"), ("frobenius", "none"), ("static", "frobenius")],
    seeds=Seeds(confirm=range(1100, 1120)),
    outcome=Outcome(metric="test_accuracy", margin_pp=0.5, alpha=0.01, descriptive=("test_loss",)),
    threshold=0.75,
)
