"""A schedule found by search on the plan's own border: five knots, against a static target tuned as long, and none."""

from search_spaces import KNOTS, OPTIMIZER, SIGMA_END, STRENGTH
from spectra_tune.design import Outcome, Search, Seeds, Study, Treatment, grid
from spectra_tune.networks import mlp
from spectra_tune.tasks import border

STUDY = Study(
    question="Does a schedule that a search finds draw a jagged border better than a static target and none do?",
    conditions=grid(task=[border()], network=[mlp(width=32)], epochs=[500]),
    arms={
        "none": Treatment.none(),
        "static": Treatment(schedule="static", sigma_end=1.0, strength=0.1),
        "knots": Treatment(schedule="knots", knots=(1.0,) * 5, strength=0.1),
    },
    contrasts=[("knots", "none"), ("knots", "static")],
    search=Search(
        treatment_space={**KNOTS, **STRENGTH},
        competitor_space={**SIGMA_END, **STRENGTH},
        nuisance_space={"learning_rate": OPTIMIZER["learning_rate"]},
        configurations=32,
    ),
    seeds=Seeds(search=range(4), confirm=range(1780, 1820)),
    outcome=Outcome(metric="test_balanced_accuracy", margin_pp=1.0, alpha=0.01, descriptive=("test_accuracy",)),
)
