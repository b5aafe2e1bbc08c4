"""A schedule found by search for robustness: five knots, against a static target tuned as long, and against none."""

from search_spaces import KNOTS, OPTIMIZER, SIGMA_END, WIDE_STRENGTH
from spectra_tune.design import Attack, Outcome, Search, Seeds, Study, Treatment, grid
from spectra_tune.networks import mlp
from spectra_tune.tasks import digits

STUDY = Study(
    question="Does a schedule that a search finds make a network more robust than a static target tuned as long?",
    conditions=grid(task=[digits()], network=[mlp(width=64)], epochs=[60], batch_size=[64]),
    arms={
        "none": Treatment.none(),
        "static": Treatment(schedule="static", sigma_end=1.0, strength=1.0),
        "knots": Treatment(schedule="knots", knots=(1.0,) * 5, strength=1.0),
    },
    contrasts=[("knots", "none"), ("knots", "static")],
    search=Search(
        treatment_space={**KNOTS, **WIDE_STRENGTH},
        competitor_space={**SIGMA_END, **WIDE_STRENGTH},
        nuisance_space={"learning_rate": OPTIMIZER["learning_rate"]},
        configurations=32,
    ),
    seeds=Seeds(search=range(3), confirm=range(1740, 1770)),
    outcome=Outcome(
        metric="test_robust_accuracy",
        margin_pp=2.0,
        alpha=0.01,
        attack=Attack(norm="l2", epsilon=0.5),
        descriptive=("test_accuracy", "test_robust_at_twice_epsilon", "test_transfer_accuracy"),
    ),
)
