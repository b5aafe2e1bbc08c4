"""The pipeline's own false-positive rate: the same Treatment twice, apart only by its random stream."""

from spectra_tune.design import Arm, Contrast, Outcome, Seeds, Study, Treatment, grid
from spectra_tune.networks import mlp
from spectra_tune.tasks import moons

STATIC = Treatment(schedule="static", sigma_end=1.0, strength=0.1)

STUDY = Study(
    question="How often is a difference claimed between an arm and its own repetition from other initial weights?",
    conditions=grid(task=[moons(samples=200)], network=[mlp(width=8)], epochs=[50]),
    arms={
        "none": Treatment.none(),
        "none again": Arm(treatment=Treatment.none(), stream=1),
        "static": STATIC,
        "static again": Arm(treatment=STATIC, stream=1),
    },
    contrasts=[
        Contrast(treatment="none again", baseline="none", differs={"stream"}),
        Contrast(treatment="static again", baseline="static", differs={"stream"}),
    ],
    # The report also cuts the seeds into 400 sub-studies of ten and counts their claims.
    seeds=Seeds(confirm=range(1000, 5000)),
    outcome=Outcome(metric="test_accuracy", margin_pp=1.0, alpha=0.05),
    reports=1,  # nothing is asked of the curves, and there are 16,000 of them
)
