"""Deep networks without normalisation: 20 and 40 layers of tanh, that start too small and about right."""

from spectra_tune.design import Arm, Contrast, Outcome, Seeds, Study, Treatment, grid
from spectra_tune.networks import mlp
from spectra_tune.tasks import digits

STUDY = Study(
    question="Does holding a spectrum near 1 make deep networks trainable, more than layer norm does?",
    conditions=grid(
        task=[digits()],
        network=[
            mlp(width=32, depth=depth, activation="tanh", init_gain=gain) for depth in (20, 40) for gain in (1.0, 2.0)
        ],
        learning_rate=[0.001],
        epochs=[15],
        batch_size=[32],
    ),
    arms={
        "none": Treatment.none(),
        "static": Treatment(schedule="static", sigma_end=1.0, strength=0.1),
        "spectrum": Treatment(penalty="spectrum", sigma_end=1.0, strength=1.0),
        "frobenius": Treatment(penalty="frobenius", strength=1e-4),
        "layer norm": Arm(treatment=Treatment.none(), changes={"norm": "layer"}),
        "orthogonal": Arm(treatment=Treatment.none(), changes={"init": "orthogonal"}),
    },
    contrasts=[
        ("static", "none"),
        ("spectrum", "none"),
        ("frobenius", "none"),
        ("spectrum", "static"),
        Contrast(treatment="spectrum", baseline="layer norm", differs={"norm"}),
        Contrast(treatment="spectrum", baseline="orthogonal", differs={"init"}),
    ],
    seeds=Seeds(confirm=range(1360, 1374)),
    outcome=Outcome(metric="test_accuracy", margin_pp=1.0, alpha=0.01, descriptive=("train_accuracy", "test_loss")),
    probes=["gradient_flow"],
    probed_at=[0],
    threshold=0.8,
)
