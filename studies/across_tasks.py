"""The plan's phase 2C with enough tasks for a correlation to mean something: it had three."""

from spectra_tune.design import Outcome, Seeds, Study, Treatment, grid
from spectra_tune.networks import mlp
from spectra_tune.tasks import border, checkerboard, circles, moons, spirals

TASKS = (
    moons(),
    moons(noise_std=0.3),
    circles(),
    circles(noise_std=0.2),
    checkerboard(cells=2),
    checkerboard(cells=4),
    checkerboard(cells=6),
    spirals(turns=0.5),
    spirals(turns=1.0),
    spirals(turns=1.5),
    border(window="straight"),
    border(window="frontier"),
    border(window="region"),
    border(),
)
"""From a straight line to a maze."""

STUDY = Study(
    question="Does what the penalty gains or loses depend on how complex a task's own boundary is?",
    conditions=grid(task=TASKS, network=[mlp(width=32)], epochs=[300]),
    arms={
        "none": Treatment.none(),
        "static": Treatment(schedule="static", sigma_end=1.0, strength=0.1),
        "linear": Treatment(schedule="linear", sigma_start=2.5, sigma_end=1.0, strength=0.1),
    },
    contrasts=[("linear", "static"), ("linear", "none"), ("static", "none")],
    seeds=Seeds(confirm=range(520, 540)),
    outcome=Outcome(metric="test_balanced_accuracy", margin_pp=1.0, alpha=0.01),
    complexity=True,
    probes=["boundary"],
)
