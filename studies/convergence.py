"""The plan's "5 to 15 % training efficiency": epochs to a threshold that was fixed in advance."""

from spectra_tune.design import Outcome, Seeds, Study, Treatment, grid
from spectra_tune.networks import mlp
from spectra_tune.tasks import border, checkerboard, circles, moons, spirals

STUDY = Study(
    question="Does the penalty reach 90 % validation accuracy in fewer epochs than no penalty?",
    conditions=grid(
        task=[moons(), circles(), spirals(turns=1.0), checkerboard(cells=2), border(window="frontier")],
        network=[mlp(width=32)],
        epochs=[300],
    ),
    arms={
        "none": Treatment.none(),
        "static": Treatment(schedule="static", sigma_end=1.0, strength=0.1),
        "linear": Treatment(schedule="linear", sigma_start=2.5, sigma_end=1.0, strength=0.1),
    },
    contrasts=[("linear", "none"), ("static", "none")],
    seeds=Seeds(confirm=range(720, 740)),
    outcome=Outcome(metric="test_accuracy", margin_pp=1.0, alpha=0.01),
    threshold=0.9,
    reports=150,
)
