"""Forgetting: digits two classes at a time, with one head for all."""

from spectra_tune.design import Outcome, Seeds, Study, Treatment, grid
from spectra_tune.networks import mlp
from spectra_tune.tasks import digits, split

STUDY = Study(
    question="Does the penalty make a network forget less of the classes that it saw before?",
    conditions=grid(
        task=[split(digits(), classes_per_phase=2)],
        network=[mlp(width=64, init="he")],
        learning_rate=[0.0003, 0.001],
        epochs=[10],
        batch_size=[32],
    ),
    arms={
        "none": Treatment.none(),
        "static": Treatment(schedule="static", sigma_end=1.0, strength=0.1),
        "spectrum": Treatment(penalty="spectrum", sigma_end=1.0, strength=0.1),
        "frobenius": Treatment(penalty="frobenius", strength=0.001),
        "to init": Treatment(penalty="to_init", strength=0.1),
    },
    contrasts=[
        ("static", "none"),
        ("spectrum", "none"),
        ("frobenius", "none"),
        ("to init", "none"),
        ("static", "to init"),
        ("spectrum", "to init"),
    ],
    seeds=Seeds(confirm=range(1380, 1400)),
    outcome=Outcome(
        metric="forgetting",
        margin_pp=2.0,
        alpha=0.01,
        descriptive=("online_accuracy", "online_accuracy_last", "test_accuracy_mean"),
    ),
)
