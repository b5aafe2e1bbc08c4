"""Loss of plasticity of a convolutional network: pictures of clothes whose labels change names in each of 12 phases.

Protocol: Lewandowski et al. 2025 in small.
"""

from spectra_tune.design import Outcome, Seeds, Study, Treatment, grid
from spectra_tune.networks import cnn
from spectra_tune.tasks import fashion_mnist, permuted


def static(target: float, strength: float) -> Treatment:
    return Treatment(schedule="static", sigma_end=target, strength=strength)


STUDY = Study(
    question="Does the penalty keep a convolutional network able to learn new labels, more than shrinkage does?",
    conditions=grid(
        task=[permuted(fashion_mnist(samples=500), phases=12, pixels=False)],
        network=[cnn(channels=4)],
        learning_rate=[0.003],
        epochs=[4],
        batch_size=[32],
    ),
    arms={
        "none": Treatment.none(),
        "static": static(3.0, 0.1),
        "weak static": static(1.0, 0.001),
        "frobenius": Treatment(penalty="frobenius", strength=0.001),
        "to init": Treatment(penalty="to_init", strength=0.01),
    },
    contrasts=[
        ("static", "none"),
        ("weak static", "none"),
        ("frobenius", "none"),
        ("to init", "none"),
        ("static", "frobenius"),
        ("static", "to init"),
    ],
    seeds=Seeds(confirm=range(1320, 1332)),
    outcome=Outcome(
        metric="online_accuracy",
        margin_pp=1.0,
        alpha=0.01,
        descriptive=("online_accuracy_last", "test_accuracy_mean", "test_accuracy", "forgetting"),
    ),
    reports=12,
)
