"""Learning one thing after another: digits whose pixels and labels change places in each of 60 phases.

Protocol: Dohare et al. 2024 and Lewandowski et al. 2025 in small.
"""

from spectra_tune.design import Arm, Contrast, Outcome, Seeds, Study, Treatment, grid
from spectra_tune.networks import mlp
from spectra_tune.tasks import digits, permuted

STATIC = Treatment(schedule="static", sigma_end=1.0, strength=0.1)
SPECTRUM = Treatment(penalty="spectrum", sigma_end=1.0, strength=1.0)
NORM = {"norm": "layer"}

STUDY = Study(
    question="Does the penalty keep a network able to learn, phase after phase, more than shrinkage or layer norm do?",
    conditions=grid(
        task=[permuted(digits(), phases=60)],
        network=[mlp(width=64, depth=3, init="he")],
        learning_rate=[0.001, 0.003],
        epochs=[1],
        batch_size=[16],
    ),
    arms={
        "none": Treatment.none(),
        "static": STATIC,
        "spectrum": SPECTRUM,
        "frobenius": Treatment(penalty="frobenius", strength=1e-4),
        "to init": Treatment(penalty="to_init", strength=0.01),
        "strong to init": Treatment(penalty="to_init", strength=0.1),
        "layer norm": Arm(treatment=Treatment.none(), changes=NORM),
        "static, layer norm": Arm(treatment=STATIC, changes=NORM),
        "spectrum, layer norm": Arm(treatment=SPECTRUM, changes=NORM),
    },
    contrasts=[
        ("static", "none"),
        ("spectrum", "none"),
        ("frobenius", "none"),
        ("to init", "none"),
        ("strong to init", "none"),
        ("static", "frobenius"),
        ("static", "to init"),
        ("spectrum", "to init"),
        ("spectrum", "strong to init"),
        ("spectrum", "static"),
        ("static, layer norm", "layer norm"),
        ("spectrum, layer norm", "layer norm"),
        Contrast(treatment="spectrum", baseline="layer norm", differs={"norm"}),
    ],
    seeds=Seeds(confirm=range(1300, 1314)),
    outcome=Outcome(
        metric="online_accuracy",
        margin_pp=1.0,
        alpha=0.01,
        descriptive=("online_accuracy_last", "test_accuracy_mean", "test_accuracy", "forgetting"),
    ),
    reports=60,
)
