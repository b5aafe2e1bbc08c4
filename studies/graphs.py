"""Graph networks by depth: over-smoothing is what depth does to them; residual links are the usual answer."""

from spectra_tune.design import Arm, Contrast, Outcome, Seeds, Study, Treatment, grid
from spectra_tune.networks import gcn
from spectra_tune.tasks import elections

STUDY = Study(
    question="Does the penalty help a graph network of 2 to 8 layers tell counties' turnout, more than residual links?",
    conditions=grid(
        task=[elections()],
        network=[gcn(width=32, depth=depth) for depth in (2, 4, 8)],
        learning_rate=[0.01],
        epochs=[200],
    ),
    arms={
        "none": Treatment.none(),
        "static": Treatment(schedule="static", sigma_end=1.0, strength=0.1),
        "linear": Treatment(schedule="linear", sigma_start=2.5, sigma_end=1.0, strength=0.1),
        "frobenius": Treatment(penalty="frobenius", strength=0.0001),
        "residual": Arm(treatment=Treatment.none(), changes={"residual": True}),
    },
    contrasts=[
        ("static", "none"),
        ("linear", "none"),
        ("frobenius", "none"),
        ("static", "frobenius"),
        Contrast(treatment="residual", baseline="none", differs={"residual"}),
        Contrast(treatment="static", baseline="residual", differs={"residual"}),
    ],
    seeds=Seeds(confirm=range(1080, 1100)),
    outcome=Outcome(metric="test_accuracy", margin_pp=1.0, alpha=0.01, descriptive=("test_loss",)),
    threshold=0.58,
)
