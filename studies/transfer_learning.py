"""Transfer: digits under other names first, then 25 or 100 of them under their own, with a new last layer."""

from spectra_tune.design import Outcome, Seeds, Study, Treatment, grid
from spectra_tune.networks import mlp
from spectra_tune.tasks import digits, permuted, transfer

RENAMED = permuted(digits(), phases=2, pixels=False).phase(0)

STUDY = Study(
    question="Do networks that were trained with the penalty learn a related task from fewer samples?",
    conditions=grid(
        task=[transfer(RENAMED, digits(), samples=samples) for samples in (25, 100)],
        network=[mlp(width=64, init="he")],
        learning_rate=[0.003],
        epochs=[20],
        batch_size=[25],
    ),
    arms={
        "none": Treatment.none(),
        "static": Treatment(schedule="static", sigma_end=1.0, strength=0.1),
        "spectrum": Treatment(penalty="spectrum", sigma_end=1.0, strength=0.1),
        "frobenius": Treatment(penalty="frobenius", strength=0.001),
    },
    contrasts=[
        ("static", "none"),
        ("spectrum", "none"),
        ("frobenius", "none"),
        ("static", "frobenius"),
        ("spectrum", "frobenius"),
    ],
    seeds=Seeds(confirm=range(1400, 1420)),
    outcome=Outcome(
        metric="test_accuracy", margin_pp=1.0, alpha=0.01, descriptive=("online_accuracy_last", "forgetting")
    ),
)
