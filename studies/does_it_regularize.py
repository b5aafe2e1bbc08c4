"""The plan's phase 1: whether the penalty does what it says, and what it does to accuracy and its spread over seeds."""

from spectra_tune.design import Outcome, Seeds, Study, Treatment, grid
from spectra_tune.networks import mlp
from spectra_tune.tasks import border, moons


def static(strength: float) -> Treatment:
    return Treatment(schedule="static", sigma_end=1.0, strength=strength)


STUDY = Study(
    question="Does the penalty bring sigma to its target, and what does that do to accuracy and its spread over seeds?",
    conditions=[
        *grid(task=[moons()], network=[mlp(width=width) for width in (8, 16, 32, 64)], epochs=[100]),
        *grid(task=[border()], network=[mlp(width=32)], epochs=[500]),
    ],
    arms={
        "none": Treatment.none(),
        "strength 0.1": static(0.1),
        "strength 1": static(1.0),
        "linear": Treatment(schedule="linear", sigma_start=2.5, sigma_end=1.0, strength=0.1),
    },
    contrasts=[("strength 0.1", "none"), ("strength 1", "none"), ("linear", "none")],
    seeds=Seeds(confirm=range(400, 440)),
    outcome=Outcome(metric="test_balanced_accuracy", margin_pp=1.0, alpha=0.01),
    probes=["dead_units", "sensitivity", "singular_values", "boundary", "lipschitz", "distance_from_init"],
)
