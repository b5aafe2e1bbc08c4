"""The plan's phase 2D with the control that it lacked, on held-out data."""

from spectra_tune.design import Outcome, Seeds, Study, Treatment, grid
from spectra_tune.networks import mlp
from spectra_tune.tasks import border, moons

NETWORKS = [mlp(width=width, depth=2) for width in (8, 16, 32, 64)]

STUDY = Study(
    question="Does a linear schedule beat a static target, and does either beat no regularizer, as capacity grows?",
    conditions=[
        *grid(task=[moons()], network=NETWORKS, epochs=[100]),
        *grid(task=[border()], network=NETWORKS, epochs=[1000]),
    ],
    arms={
        "none": Treatment.none(),
        "static": Treatment(schedule="static", sigma_end=1.0, strength=0.1),
        "linear": Treatment(schedule="linear", sigma_start=2.5, sigma_end=1.0, strength=0.1),
    },
    contrasts=[("linear", "static"), ("linear", "none"), ("static", "none")],
    seeds=Seeds(confirm=range(100, 120)),
    # On the border a constant already scores 79 % accuracy: the mean recall of both countries says more.
    outcome=Outcome(metric="test_balanced_accuracy", margin_pp=1.0, alpha=0.01),
)
