"""The adding problem: whether a recurrent matrix held near norm 1 carries two numbers further, beside a gated cell."""

from spectra_tune.design import Arm, Contrast, Outcome, Seeds, Study, Treatment, grid
from spectra_tune.networks import rnn
from spectra_tune.tasks import adding


def static(strength: float) -> Treatment:
    return Treatment(schedule="static", sigma_end=1.0, strength=strength)


STUDY = Study(
    question="Does holding a recurrent matrix near norm 1 let a vanilla network learn the adding problem?",
    conditions=grid(
        task=[adding(length=length, samples=2000) for length in (10, 30)],
        network=[rnn(width=32)],
        learning_rate=[0.003],
        epochs=[60],
        batch_size=[64],
    ),
    arms={
        "none": Treatment.none(),
        "strength 0.1": static(0.1),
        "strength 1": static(1.0),
        "frobenius": Treatment(penalty="frobenius", strength=0.0003),
        "gated": Arm(treatment=Treatment.none(), changes={"cell": "gru"}),
    },
    contrasts=[
        ("strength 0.1", "none"),
        ("strength 1", "none"),
        ("frobenius", "none"),
        Contrast(treatment="strength 1", baseline="gated", differs={"cell"}),
    ],
    seeds=Seeds(confirm=range(1060, 1075)),
    outcome=Outcome(metric="test_mse", margin=0.005, alpha=0.01, descriptive=("test_r2",)),
    threshold=0.05,
)
