"""Recurrent networks at the edge of chaos: a recurrent matrix held near norm 1, beside shrinkage and a gated cell.

Digits are read two pixels at a time in a fixed order that is not theirs. Another sequence: recurrent_adding.
"""

from spectra_tune.design import Arm, Contrast, Outcome, Seeds, Study, Treatment, grid
from spectra_tune.networks import rnn
from spectra_tune.tasks import as_sequence, digits


def static(strength: float) -> Treatment:
    return Treatment(schedule="static", sigma_end=1.0, strength=strength)


STUDY = Study(
    question="Does holding a recurrent matrix near norm 1 help a vanilla network read permuted digits?",
    conditions=grid(
        task=[as_sequence(digits(), step=2, permuted=1)],
        network=[rnn(width=32)],
        learning_rate=[0.002],
        epochs=[60],
        batch_size=[64],
    ),
    arms={
        "none": Treatment.none(),
        "strength 0.1": static(0.1),
        "strength 1": static(1.0),
        "linear": Treatment(schedule="linear", sigma_start=2.5, sigma_end=1.0, strength=1.0),
        "frobenius": Treatment(penalty="frobenius", strength=0.001),
        "gated": Arm(treatment=Treatment.none(), changes={"cell": "gru"}),
    },
    contrasts=[
        ("strength 0.1", "none"),
        ("strength 1", "none"),
        ("linear", "none"),
        ("frobenius", "none"),
        ("strength 1", "frobenius"),
        Contrast(treatment="strength 1", baseline="gated", differs={"cell"}),
    ],
    seeds=Seeds(confirm=range(1040, 1060)),
    outcome=Outcome(metric="test_accuracy", margin_pp=1.0, alpha=0.01, descriptive=("test_loss",)),
    threshold=0.8,
)
