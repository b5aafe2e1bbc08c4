"""Robustness by capacity: whether what the penalty gains under attack depends on the width."""

from spectra_tune.design import Attack, Outcome, Seeds, Study, Treatment, grid
from spectra_tune.networks import mlp
from spectra_tune.tasks import digits

STUDY = Study(
    question="Does the gain of holding spectral norms down under attack depend on the network's width?",
    conditions=grid(
        task=[digits()],
        network=[mlp(width=width) for width in (16, 32, 64, 128, 256)],
        learning_rate=[0.003],
        epochs=[60],
        batch_size=[64],
    ),
    arms={
        "none": Treatment.none(),
        "static": Treatment(schedule="static", sigma_end=1.0, strength=0.1),
        "strong static": Treatment(schedule="static", sigma_end=1.0, strength=1.0),
        "frobenius": Treatment(penalty="frobenius", strength=0.01),
    },
    contrasts=[("static", "none"), ("strong static", "none"), ("frobenius", "none"), ("strong static", "frobenius")],
    seeds=Seeds(confirm=range(1680, 1693)),
    outcome=Outcome(
        metric="test_robust_accuracy",
        margin_pp=2.0,
        alpha=0.01,
        attack=Attack(norm="l2", epsilon=0.5),
        descriptive=("test_accuracy", "test_robust_at_twice_epsilon", "test_transfer_accuracy"),
    ),
)
