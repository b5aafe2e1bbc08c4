"""Robustness of a convolutional network: clothes under attack, beside shrinkage and training against the attack."""

from spectra_tune.design import Arm, Attack, Contrast, Outcome, Seeds, Study, Treatment, grid
from spectra_tune.networks import cnn
from spectra_tune.tasks import fashion_mnist


def static(target: float, strength: float) -> Treatment:
    return Treatment(schedule="static", sigma_end=target, strength=strength)


AGAINST = Attack(norm="l2", epsilon=0.5, steps=3)

STUDY = Study(
    question="Does holding spectral norms down make a convolutional network robust, more than shrinkage does?",
    conditions=grid(
        task=[fashion_mnist(samples=2000)],
        network=[cnn(channels=8)],
        learning_rate=[0.002],
        epochs=[6],
        batch_size=[64],
    ),
    arms={
        "none": Treatment.none(),
        "static": static(1.0, 0.01),
        "weak static": static(1.0, 0.001),
        "frobenius": Treatment(penalty="frobenius", strength=0.001),
        "adversarial": Arm(treatment=Treatment.none(), changes={"adversarial": AGAINST}),
    },
    contrasts=[
        ("static", "none"),
        ("weak static", "none"),
        ("frobenius", "none"),
        ("static", "frobenius"),
        Contrast(treatment="static", baseline="adversarial", differs={"adversarial"}),
    ],
    seeds=Seeds(confirm=range(1520, 1532)),
    outcome=Outcome(
        metric="test_robust_accuracy",
        margin_pp=2.0,
        alpha=0.01,
        attack=Attack(norm="l2", epsilon=0.5),
        descriptive=("test_accuracy", "test_robust_at_twice_epsilon", "test_transfer_accuracy"),
    ),
)
