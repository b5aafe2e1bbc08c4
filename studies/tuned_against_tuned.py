"""The fairest comparison: the penalty at its best against no penalty at its best, both tuned with equal means."""

from search_spaces import BETA, OPTIMIZER, SIGMA, STRENGTH, WIDTH
from spectra_tune.design import Outcome, Search, Seeds, Study, Treatment, grid
from spectra_tune.networks import mlp
from spectra_tune.tasks import border, moons

STUDY = Study(
    question="Does a tuned capacity-adaptive penalty beat an equally tuned network without one, at widths 8 to 128?",
    conditions=[
        *grid(task=[moons()], network=[mlp(width=8)], epochs=[100]),
        *grid(task=[border()], network=[mlp(width=8)], epochs=[500]),
    ],
    arms={
        "none": Treatment.none(),
        "penalty": Treatment(schedule="linear", sigma_start=2.5, sigma_end=1.0, strength=0.1),
    },
    contrasts=[("penalty", "none")],
    search=Search(
        treatment_space={**SIGMA, **BETA, **STRENGTH, **WIDTH},
        nuisance_space={"learning_rate": OPTIMIZER["learning_rate"]},
        configurations=32,
    ),
    seeds=Seeds(search=range(5), confirm=range(100, 140)),
    outcome=Outcome(metric="test_balanced_accuracy", margin_pp=1.0, alpha=0.01),
)
