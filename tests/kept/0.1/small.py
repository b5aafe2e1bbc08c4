"""A study whose tables were kept under version 0.1: one arm that helps little, one that harms, one that diverges."""

from spectra_tune.design import Arm, Contrast, Outcome, Seeds, Study, Treatment, grid
from spectra_tune.networks import mlp
from spectra_tune.tasks import moons

STUDY = Study(
    question="Are tables of 0.1 still read, and judged as they were?",
    conditions=grid(task=[moons(samples=100)], network=[mlp(width=8), mlp(width=16)], epochs=[60]),
    arms={
        "none": Treatment.none(),
        "static": Treatment(strength=0.01, sigma_end=1.0),
        "strong": Treatment(strength=10.0, sigma_end=0.2),
        "fast": Arm(treatment=Treatment.none(), changes={"learning_rate": 1e30, "optimizer": "sgd"}),
    },
    contrasts=[
        ("static", "none"),
        ("strong", "none"),
        Contrast(treatment="fast", baseline="none", differs={"learning_rate", "optimizer"}),
    ],
    seeds=Seeds(confirm=range(9)),
    outcome=Outcome(metric="test_accuracy", margin_pp=2.0, alpha=0.05, descriptive=("test_loss",)),
    probes=["lipschitz"],
)
