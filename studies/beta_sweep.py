"""The plan's phase 3A: the start of sigma's target scaled by a power of the network's capacity."""

from spectra_tune.design import Outcome, Seeds, Study, Treatment, grid
from spectra_tune.networks import mlp
from spectra_tune.tasks import circles, moons

BETAS = (-0.5, -0.35, -0.2, 0.0, 0.2, 0.35, 0.5)  # -0.2 is the plan's


def with_beta(beta: float) -> Treatment:
    return Treatment(schedule="linear", sigma_start=2.5, sigma_end=1.0, strength=0.1, beta=beta)


STUDY = Study(
    question="Does any capacity exponent beat an exponent of 0, at widths 8 to 128?",
    conditions=grid(
        task=[moons(), circles()], network=[mlp(width=width) for width in (8, 16, 32, 64, 128)], epochs=[100]
    ),
    arms={"none": Treatment.none(), **{f"beta {beta:g}": with_beta(beta) for beta in BETAS}},
    contrasts=[
        *((f"beta {beta:g}", "beta 0") for beta in BETAS if beta != 0),
        *((f"beta {beta:g}", "none") for beta in (0.0, -0.2)),
    ],
    seeds=Seeds(confirm=range(580, 600)),
    outcome=Outcome(metric="test_accuracy", margin_pp=1.0, alpha=0.01),
)
