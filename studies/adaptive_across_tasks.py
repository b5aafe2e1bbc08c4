"""The plan's phase 3B: whether fitting the penalty to the capacity makes it help on every task."""

from spectra_tune.design import Outcome, Seeds, Study, Treatment, grid
from spectra_tune.networks import mlp
from spectra_tune.tasks import border, circles, moons

NETWORKS = [mlp(width=width) for width in (16, 64)]


def linear(beta: float) -> Treatment:
    return Treatment(schedule="linear", sigma_start=2.5, sigma_end=1.0, strength=0.1, beta=beta)


STUDY = Study(
    question="Does a capacity-adaptive start help on moons, circles and the border, against linear, static and none?",
    conditions=[
        *grid(task=[moons(), circles()], network=NETWORKS, epochs=[100]),
        *grid(task=[border()], network=NETWORKS, epochs=[500]),
    ],
    arms={
        "none": Treatment.none(),
        "static": Treatment(schedule="static", sigma_end=1.0, strength=0.1),
        "linear": linear(0.0),
        "adaptive": linear(-0.2),
    },
    contrasts=[("adaptive", "linear"), ("adaptive", "static"), ("adaptive", "none")],
    seeds=Seeds(confirm=range(600, 620)),
    outcome=Outcome(metric="test_balanced_accuracy", margin_pp=1.0, alpha=0.01),
)
