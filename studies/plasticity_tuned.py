"""Plasticity, tuned against tuned: a penalty on the whole spectrum against the way back to the initial weights."""

from search_spaces import SIGMA_END, SMALL_BATCHES, WIDE_STRENGTH
from spectra_tune.design import Outcome, Search, Seeds, Study, Treatment, grid
from spectra_tune.networks import mlp
from spectra_tune.tasks import digits, permuted

STUDY = Study(
    question="Does a tuned penalty on the spectrum keep a network able to learn, more than equally tuned rivals do?",
    conditions=grid(
        task=[permuted(digits(), phases=30)],
        network=[mlp(width=64, depth=3, init="he")],
        epochs=[1],
        batch_size=[16],
    ),
    arms={
        "none": Treatment.none(),
        "spectrum": Treatment(penalty="spectrum", sigma_end=1.0, strength=1.0),
        "to init": Treatment(penalty="to_init", strength=0.01),
        "frobenius": Treatment(penalty="frobenius", strength=0.001),
    },
    contrasts=[("spectrum", "none"), ("spectrum", "to init"), ("spectrum", "frobenius")],
    search=Search(
        treatment_space={**SIGMA_END, **WIDE_STRENGTH},
        competitor_space=WIDE_STRENGTH,
        nuisance_space=SMALL_BATCHES,
        configurations=20,
    ),
    seeds=Seeds(search=range(3), confirm=range(1440, 1460)),
    outcome=Outcome(
        metric="online_accuracy",
        margin_pp=1.0,
        alpha=0.01,
        descriptive=("online_accuracy_last", "test_accuracy_mean", "forgetting"),
    ),
)
