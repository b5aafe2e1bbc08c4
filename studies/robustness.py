"""Robustness of perceptrons: digits under attack, beside shrinkage of equal cost and training against the attack."""

from spectra_tune.design import Arm, Attack, Contrast, Outcome, Seeds, Study, Treatment, grid
from spectra_tune.networks import mlp
from spectra_tune.tasks import digits


def static(strength: float) -> Treatment:
    return Treatment(schedule="static", sigma_end=1.0, strength=strength)


AGAINST = Attack(norm="l2", epsilon=0.5, steps=4)

STUDY = Study(
    question="Does holding spectral norms down make a network robust, more than shrinkage that costs as much accuracy?",
    conditions=grid(task=[digits()], network=[mlp(width=64)], learning_rate=[0.003], epochs=[60], batch_size=[64]),
    arms={
        "none": Treatment.none(),
        "weak static": static(0.01),
        "static": static(0.1),
        "strong static": static(1.0),
        "spectrum": Treatment(penalty="spectrum", sigma_end=1.0, strength=0.1),
        "frobenius": Treatment(penalty="frobenius", strength=0.001),
        "strong frobenius": Treatment(penalty="frobenius", strength=0.01),
        "adversarial": Arm(treatment=Treatment.none(), changes={"adversarial": AGAINST}),
    },
    contrasts=[
        ("weak static", "none"),
        ("static", "none"),
        ("strong static", "none"),
        ("spectrum", "none"),
        ("frobenius", "none"),
        ("strong frobenius", "none"),
        ("weak static", "frobenius"),
        ("strong static", "strong frobenius"),
        Contrast(treatment="strong static", baseline="adversarial", differs={"adversarial"}),
    ],
    seeds=Seeds(confirm=range(1500, 1520)),
    outcome=Outcome(
        metric="test_robust_accuracy",
        margin_pp=2.0,
        alpha=0.01,
        attack=Attack(norm="l2", epsilon=0.5),
        descriptive=(
            *("test_accuracy", "test_robust_at_twice_epsilon", "test_transfer_accuracy"),
            "test_calibration_error",
        ),
    ),
)
