"""The controls that the plan lacked: is a target from 2.5 to 1.0 anything but a larger initial scale?

torch.nn.Linear starts hidden layers near sigma = 1, so a target of 2.5 first pushes sigma up, towards He's scale.
"""

from spectra_tune.design import Arm, Contrast, Outcome, Seeds, Study, Treatment, grid
from spectra_tune.networks import mlp
from spectra_tune.tasks import border, moons

NONE = Treatment.none()
GAINS = (1.5, 2.0, 2.5, 3.0)
WEIGHT_DECAYS = (0.003, 0.006, 0.014)
"""In a pilot (seeds 900 to 907) hidden weights ended with the Frobenius norm of "linear" at 0.006 on the border and at
0.014 on moons; the probe shows what these seeds did."""

EPOCHS, EPOCHS_OF_EQUAL_TIME = 300, 375
"""A penalised epoch takes a quarter longer at these widths (study overhead)."""


def linear(*, one_sided: bool = False) -> Treatment:
    return Treatment(schedule="linear", sigma_start=2.5, sigma_end=1.0, strength=0.1, one_sided=one_sided)


STUDY = Study(
    question="Is a target that falls from 2.5 to 1.0 anything but a larger initial scale, weight decay or more time?",
    conditions=[
        *grid(task=[moons()], network=[mlp(width=16)], epochs=[EPOCHS]),
        *grid(task=[border()], network=[mlp(width=32)], epochs=[EPOCHS]),
    ],
    arms={
        "none": NONE,
        "static": Treatment(schedule="static", sigma_end=1.0, strength=0.1),
        "linear": linear(),
        "linear, one-sided": linear(one_sided=True),
        "He init": Arm(treatment=NONE, changes={"init": "he"}),
        **{f"init gain {gain:g}": Arm(treatment=NONE, changes={"init_gain": gain}) for gain in GAINS},
        **{f"weight decay {decay:g}": Arm(treatment=NONE, changes={"weight_decay": decay}) for decay in WEIGHT_DECAYS},
        "none, equal time": Arm(treatment=NONE, changes={"epochs": EPOCHS_OF_EQUAL_TIME}),
    },
    contrasts=[
        ("linear", "none"),
        ("linear", "static"),
        ("linear, one-sided", "linear"),
        Contrast(treatment="He init", baseline="none", differs={"init"}),
        Contrast(treatment="linear", baseline="He init", differs={"init"}),
        *(Contrast(treatment=f"init gain {gain:g}", baseline="none", differs={"init_gain"}) for gain in GAINS),
        Contrast(treatment="linear", baseline="init gain 2.5", differs={"init_gain"}),
        *(
            Contrast(treatment="linear", baseline=f"weight decay {decay:g}", differs={"weight_decay"})
            for decay in WEIGHT_DECAYS
        ),
        Contrast(treatment="linear", baseline="none, equal time", differs={"epochs"}),
    ],
    seeds=Seeds(confirm=range(640, 680)),
    outcome=Outcome(metric="test_balanced_accuracy", margin_pp=1.0, alpha=0.01),
    probes=["singular_values", "distance_from_init"],
)
