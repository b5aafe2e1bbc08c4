"""Targets that suit every width: the root of outputs over inputs, against one target for all layers."""

from spectra_tune.design import Outcome, Seeds, Study, Treatment, grid
from spectra_tune.networks import mlp
from spectra_tune.tasks import digits

STUDY = Study(
    question="Does a target that scales with the root of outputs over inputs suit widths and learning rates better?",
    conditions=grid(
        task=[digits()],
        network=[mlp(width=width) for width in (16, 64, 256)],
        learning_rate=[0.0003, 0.001, 0.003, 0.01],
        epochs=[15],
        batch_size=[64],
    ),
    arms={
        "none": Treatment.none(),
        "uniform": Treatment(schedule="static", sigma_end=1.0, strength=0.1),
        "by fan": Treatment(schedule="static", sigma_end=1.0, strength=0.1, target_scale="fan"),
    },
    contrasts=[("uniform", "none"), ("by fan", "none"), ("by fan", "uniform")],
    seeds=Seeds(confirm=range(1420, 1434)),
    outcome=Outcome(metric="test_accuracy", margin_pp=1.0, alpha=0.01, descriptive=("test_loss",)),
)
