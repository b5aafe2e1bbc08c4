"""Recurrent networks, tuned against tuned: a penalty on the whole spectrum against none and shrinkage.

All may start orthogonal, which is the penalty's strongest rival. The protocol of the study edge_of_chaos: digits are
read two pixels at a time in a fixed order that is not theirs.
"""

from search_spaces import INIT, SIGMA_END, SMALL_BATCHES, WIDE_STRENGTH
from spectra_tune.design import Outcome, Search, Seeds, Study, Treatment, grid
from spectra_tune.networks import rnn
from spectra_tune.tasks import as_sequence, digits

STUDY = Study(
    question="Does a tuned penalty on the spectrum help a recurrent network where all sides may start orthogonal?",
    conditions=grid(
        task=[as_sequence(digits(), step=2, permuted=1)], network=[rnn(width=32)], epochs=[60], batch_size=[64]
    ),
    arms={
        "none": Treatment.none(),
        "spectrum": Treatment(penalty="spectrum", sigma_end=1.0, strength=1.0),
        "frobenius": Treatment(penalty="frobenius", strength=0.001),
    },
    contrasts=[("spectrum", "none"), ("spectrum", "frobenius")],
    search=Search(
        treatment_space={**SIGMA_END, **WIDE_STRENGTH},
        competitor_space=WIDE_STRENGTH,
        nuisance_space={**SMALL_BATCHES, **INIT},
        configurations=20,
    ),
    seeds=Seeds(search=range(3), confirm=range(1640, 1670)),
    outcome=Outcome(metric="test_accuracy", margin_pp=1.0, alpha=0.01, descriptive=("test_loss",)),
)
