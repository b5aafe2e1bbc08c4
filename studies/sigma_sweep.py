"""The plan's phase 2A: targets of sigma from half to four times the one that it calls critical."""

from spectra_tune.design import Contrast, Outcome, Seeds, Study, Treatment, grid
from spectra_tune.networks import mlp
from spectra_tune.tasks import border, moons

TARGETS = (0.5, 0.75, 1.0, 1.25, 1.5, 2.0, 3.0, 4.0)
STRENGTHS = (0.01, 0.1, 1.0)


def name(sigma: float, strength: float) -> str:
    return f"sigma {sigma:g}, strength {strength:g}"


STUDY = Study(
    question="Where between 0.5 and 4, if anywhere, is the best target of sigma, and is 1.0 special?",
    conditions=[
        *grid(task=[moons()], network=[mlp(width=16)], epochs=[100]),
        *grid(task=[border()], network=[mlp(width=32)], epochs=[500]),
    ],
    arms={
        "none": Treatment.none(),
        **{
            name(sigma, strength): Treatment(schedule="static", sigma_end=sigma, strength=strength)
            for strength in STRENGTHS
            for sigma in TARGETS
        },
    },
    contrasts=[
        *(Contrast(treatment=name(sigma, k), baseline="none") for k in STRENGTHS for sigma in TARGETS),
        *(
            Contrast(treatment=name(1.0, strength), baseline=name(sigma, strength))
            for strength in STRENGTHS
            for sigma in TARGETS
            if sigma != 1.0
        ),
    ],
    seeds=Seeds(confirm=range(440, 480)),
    outcome=Outcome(metric="test_balanced_accuracy", margin_pp=1.0, alpha=0.01),
)
