"""Recurrent networks at the edge of chaos, again: the largest singular value alone against the whole spectrum.

The protocol of the study recurrent: digits are read two pixels at a time in a fixed order that is not theirs.
"""

from spectra_tune.design import Arm, Contrast, Outcome, Seeds, Study, Treatment, grid
from spectra_tune.networks import rnn
from spectra_tune.tasks import as_sequence, digits

STUDY = Study(
    question="Is it the largest singular value of a recurrent matrix that must be near 1, or the whole spectrum?",
    conditions=grid(
        task=[as_sequence(digits(), step=2, permuted=1)],
        network=[rnn(width=32)],
        learning_rate=[0.001, 0.002],
        epochs=[60],
        batch_size=[64],
    ),
    arms={
        "none": Treatment.none(),
        "static": Treatment(schedule="static", sigma_end=1.0, strength=1.0),
        "weak spectrum": Treatment(penalty="spectrum", sigma_end=1.0, strength=0.1),
        "spectrum": Treatment(penalty="spectrum", sigma_end=1.0, strength=1.0),
        "frobenius": Treatment(penalty="frobenius", strength=0.001),
        "to init": Treatment(penalty="to_init", strength=0.01),
        "orthogonal": Arm(treatment=Treatment.none(), changes={"init": "orthogonal"}),
        "spectrum, orthogonal": Arm(
            treatment=Treatment(penalty="spectrum", sigma_end=1.0, strength=1.0), changes={"init": "orthogonal"}
        ),
    },
    contrasts=[
        ("static", "none"),
        ("weak spectrum", "none"),
        ("spectrum", "none"),
        ("frobenius", "none"),
        ("to init", "none"),
        ("spectrum", "static"),
        ("spectrum", "to init"),
        ("spectrum, orthogonal", "orthogonal"),
        Contrast(treatment="spectrum", baseline="orthogonal", differs={"init"}),
    ],
    seeds=Seeds(confirm=range(1340, 1360)),
    outcome=Outcome(metric="test_accuracy", margin_pp=1.0, alpha=0.01, descriptive=("test_loss",)),
    threshold=0.8,
)
