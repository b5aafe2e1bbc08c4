"""The plain search over the three factors of the plan's phase 3: sigma, beta and width."""

from search_spaces import BETA, OPTIMIZER, SIGMA, WIDTH
from spectra_tune.design import Outcome, Search, Seeds, Study, Treatment, grid
from spectra_tune.networks import mlp
from spectra_tune.tasks import moons

STUDY = Study(
    question="Which sigma and beta are best at each width, and is the best better than no penalty?",
    conditions=grid(task=[moons()], network=[mlp(width=8)], epochs=[100]),
    arms={
        "none": Treatment.none(),
        "penalty": Treatment(schedule="linear", sigma_start=2.5, sigma_end=1.0, strength=0.1),
    },
    contrasts=[("penalty", "none")],
    search=Search(
        treatment_space={**SIGMA, **BETA, **WIDTH},
        nuisance_space=OPTIMIZER,
        configurations=40,
        sampler="random",  # independent draws: what sensitivity is estimated from
    ),
    seeds=Seeds(search=range(5), confirm=range(100, 140)),
    outcome=Outcome(metric="test_accuracy", margin_pp=1.0, alpha=0.01),
)
