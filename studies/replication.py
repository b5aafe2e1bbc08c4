"""The plan's phase 2D table as it was made, beside the same with held-out data, fresh draws and a network without."""

from spectra_tune.design import Outcome, Seeds, Study, Treatment, grid
from spectra_tune.networks import mlp
from spectra_tune.tasks import moons

STUDY = Study(
    question="Do the plan's gains of a linear over a static target hold on held-out data, and against no penalty?",
    conditions=[
        condition
        for task in (moons(data_seed=42), moons())  # one data set for all seeds, as it was made; fresh data for each
        for condition in (
            *grid(task=[task], network=[mlp(width=width) for width in (8, 16, 32)], epochs=[50]),
            *grid(task=[task], network=[mlp(width=64)], epochs=[100]),  # the plan's row of 64 was trained longer
        )
    ],
    arms={
        "none": Treatment.none(),
        "static": Treatment(schedule="static", sigma_end=1.0, strength=0.1),
        "linear": Treatment(schedule="linear", sigma_start=2.5, sigma_end=1.0, strength=0.1),
    },
    contrasts=[("linear", "static"), ("linear", "none"), ("static", "none")],
    seeds=Seeds(confirm=range(540, 580)),
    outcome=Outcome(metric="test_accuracy", margin_pp=1.0, alpha=0.01, descriptive=("train_accuracy",)),
)
