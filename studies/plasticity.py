"""Learning one thing after another: digits whose pixels and labels change places in each of 60 phases."""

from spectra_tune.design import Arm, Contrast, Outcome, Seeds, Study, Treatment, grid
from spectra_tune.networks import mlp
from spectra_tune.tasks import digits, permuted

STATIC = Treatment(schedule="static", sigma_end=1.0, strength=1.0)

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
        "weak static": Treatment(schedule="static", sigma_end=1.0, strength=0.1),
        "from above": Treatment(schedule="static", sigma_end=1.0, strength=1.0, one_sided=True),
        "frobenius": Treatment(penalty="frobenius", strength=1e-4),
        "none, he": Arm(treatment=Treatment.none(), changes={"init": "he"}),
        "static, he": Arm(treatment=STATIC, changes={"init": "he"}),
        "none, layer norm": Arm(treatment=Treatment.none(), changes={"norm": "layer"}),
        "static, layer norm": Arm(treatment=STATIC, changes={"norm": "layer"}),
    },
    contrasts=[
        ("static", "none"),
        ("weak static", "none"),
        ("from above", "none"),
        ("frobenius", "none"),
        ("static", "frobenius"),
        ("static, he", "none, he"),
        ("static, layer norm", "none, layer norm"),
        Contrast(treatment="static", baseline="none, he", differs={"init"}),
        Contrast(treatment="static", baseline="none, layer norm", differs={"norm"}),
    ],
    seeds=Seeds(confirm=range(1300, 1312)),
    outcome=Outcome(
        metric="online_accuracy",
        margin_pp=1.0,
        alpha=0.01,
        descriptive=("online_accuracy_last", "test_accuracy_mean", "test_accuracy", "forgetting"),
    ),
    reports=60,
)
