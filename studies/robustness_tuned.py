"""Robustness, tuned against tuned: each side searches for the accuracy under attack of its own validation samples."""

from search_spaces import OPTIMIZER, SIGMA_END, WIDE_STRENGTH
from spectra_tune.design import Attack, Outcome, Search, Seeds, Study, Treatment, grid
from spectra_tune.networks import mlp
from spectra_tune.tasks import digits

STUDY = Study(
    question="Does a spectral penalty tuned for robustness make a network more robust than equally tuned shrinkage?",
    conditions=grid(task=[digits()], network=[mlp(width=64)], epochs=[60], batch_size=[64]),
    arms={
        "none": Treatment.none(),
        "static": Treatment(schedule="static", sigma_end=1.0, strength=1.0),
        "frobenius": Treatment(penalty="frobenius", strength=0.01),
    },
    contrasts=[("static", "none"), ("static", "frobenius")],
    search=Search(
        treatment_space={**SIGMA_END, **WIDE_STRENGTH},
        competitor_space=WIDE_STRENGTH,
        nuisance_space={"learning_rate": OPTIMIZER["learning_rate"]},
        configurations=24,
    ),
    seeds=Seeds(search=range(4), confirm=range(1850, 1880)),
    outcome=Outcome(
        metric="test_robust_accuracy",
        margin_pp=2.0,
        alpha=0.01,
        attack=Attack(norm="l2", epsilon=0.5),
        descriptive=("test_accuracy", "test_robust_at_twice_epsilon", "test_transfer_accuracy"),
    ),
)
