"""The plan's phase 4: a target of its own for every layer, sigma_l = sigma_0 * l**(-exponent)."""

from spectra_tune.design import Outcome, Seeds, Study, Treatment, grid
from spectra_tune.networks import mlp
from spectra_tune.tasks import spirals

EXPONENTS = (-1.0, -0.5, 0.0, 0.5, 1.0)


def profile(exponent: float) -> Treatment:
    return Treatment(schedule="static", sigma_end=1.5, strength=0.1, depth_exponent=exponent)


STUDY = Study(
    question="Does a target that rises or falls with the layer beat a uniform one, at 2 to 12 hidden layers?",
    conditions=grid(
        task=[spirals(turns=1.0)], network=[mlp(width=16, depth=depth) for depth in (2, 4, 6, 8, 12)], epochs=[300]
    ),
    arms={"none": Treatment.none(), **{f"exponent {exponent:g}": profile(exponent) for exponent in EXPONENTS}},
    contrasts=[
        *((f"exponent {exponent:g}", "exponent 0") for exponent in EXPONENTS if exponent != 0),
        *((f"exponent {exponent:g}", "none") for exponent in EXPONENTS),
    ],
    seeds=Seeds(confirm=range(680, 700)),
    outcome=Outcome(metric="test_accuracy", margin_pp=1.0, alpha=0.01),
    probes=["gradient_flow", "dead_units"],
    probed_at=[0],
)
