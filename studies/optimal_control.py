"""A schedule found by search: five knots over training, against a static target tuned as long, and against none.

The plan's phase 6: what would an optimal control of sigma look like? Here on a curriculum, where the penalty gains.
"""

from search_spaces import KNOTS, SIGMA_END, SMALL_BATCHES, WIDE_STRENGTH
from spectra_tune.design import Outcome, Search, Seeds, Study, Treatment, grid
from spectra_tune.networks import mlp
from spectra_tune.tasks import digits, permuted

STUDY = Study(
    question="Does a schedule of sigma that a search finds beat a static target and none, tuned as long?",
    conditions=grid(
        task=[permuted(digits(), phases=20)],
        network=[mlp(width=64, depth=3, init="he")],
        epochs=[1],
        batch_size=[16],
    ),
    arms={
        "none": Treatment.none(),
        "static": Treatment(schedule="static", sigma_end=1.0, strength=0.1),
        "knots": Treatment(schedule="knots", knots=(1.0,) * 5, strength=0.1),
    },
    contrasts=[("knots", "none"), ("knots", "static")],
    search=Search(
        treatment_space={**KNOTS, **WIDE_STRENGTH},
        competitor_space={**SIGMA_END, **WIDE_STRENGTH},
        nuisance_space=SMALL_BATCHES,
        configurations=32,
    ),
    seeds=Seeds(search=range(3), confirm=range(1480, 1500)),
    outcome=Outcome(
        metric="online_accuracy",
        margin_pp=1.0,
        alpha=0.01,
        descriptive=("online_accuracy_last", "test_accuracy_mean", "forgetting"),
    ),
)
