"""Plasticity, tuned against tuned: a penalty on the whole spectrum against the way back to the initial weights."""

from ray import tune

from search_spaces import SIGMA_END
from spectra_tune.design import Outcome, Search, Seeds, Study, Treatment, grid
from spectra_tune.networks import mlp
from spectra_tune.tasks import digits, permuted

# From nothing to what holds the weights where they were: at 1e-4 neither arm differs from none, at 1 (spectrum) and 0.3
# (to init) the first phases are learnt more slowly.
STRENGTH = {"strength": tune.loguniform(1e-4, 3.0)}

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
        treatment_space={**SIGMA_END, **STRENGTH},
        competitor_space=STRENGTH,
        nuisance_space={"learning_rate": tune.loguniform(3e-4, 2e-2)},
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
