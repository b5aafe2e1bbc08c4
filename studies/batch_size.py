"""Large batches: 32 against 2,048 at equal epochs, where spectral norms were said to close the generalization gap."""

from spectra_tune.design import Arm, Contrast, Outcome, Seeds, Study, Treatment, grid
from spectra_tune.networks import cnn
from spectra_tune.tasks import fashion_mnist

SHARED = {"task": [fashion_mnist(samples=4000)], "network": [cnn(channels=8)], "epochs": [12]}

STUDY = Study(
    question="Does the penalty help more where batches are large, at equal epochs?",
    conditions=[
        *grid(**SHARED, batch_size=[32], learning_rate=[0.001]),
        *grid(**SHARED, batch_size=[2048], learning_rate=[0.01]),
    ],
    arms={
        "none": Treatment.none(),
        "static": Treatment(schedule="static", sigma_end=1.0, strength=0.001),
        "frobenius": Treatment(penalty="frobenius", strength=0.0003),
        "weight decay": Arm(treatment=Treatment.none(), changes={"weight_decay": 0.0006}),
    },
    contrasts=[
        ("static", "none"),
        ("frobenius", "none"),
        ("static", "frobenius"),
        Contrast(treatment="weight decay", baseline="none", differs={"weight_decay"}),
        Contrast(treatment="static", baseline="weight decay", differs={"weight_decay"}),
    ],
    seeds=Seeds(confirm=range(1120, 1132)),
    outcome=Outcome(
        metric="test_accuracy",
        margin_pp=0.5,
        alpha=0.01,
        descriptive=(
            "test_loss",
            "train_accuracy",
        ),
    ),
    threshold=0.8,
)
