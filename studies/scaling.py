"""How what the penalty gains on a curriculum scales with the network's size, over a factor of 16 in width."""

from spectra_tune.design import Outcome, Seeds, Study, Treatment, grid
from spectra_tune.networks import mlp
from spectra_tune.tasks import digits, permuted

STUDY = Study(
    question="Is what the penalty gains where tasks follow one another a power law of the network's width?",
    conditions=grid(
        task=[permuted(digits(), phases=15)],
        network=[mlp(width=width, depth=3, init="he") for width in (16, 32, 64, 128, 256)],
        learning_rate=[0.003],
        epochs=[1],
        batch_size=[16],
    ),
    arms={
        "none": Treatment.none(),
        "static": Treatment(schedule="static", sigma_end=1.0, strength=0.1),
        "spectrum": Treatment(penalty="spectrum", sigma_end=1.0, strength=1.0),
        "to init": Treatment(penalty="to_init", strength=0.01),
    },
    contrasts=[("static", "none"), ("spectrum", "none"), ("to init", "none"), ("spectrum", "to init")],
    seeds=Seeds(confirm=range(1700, 1713)),
    outcome=Outcome(
        metric="online_accuracy",
        margin_pp=1.0,
        alpha=0.01,
        descriptive=("online_accuracy_last", "test_accuracy_mean"),
    ),
)
