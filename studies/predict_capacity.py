"""The plan's phase 3C: architecture and target from the task's complexity, judged on tasks that were left out."""

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
    spirals(turns=0.5),
    spirals(turns=1.0),
    spirals(turns=1.5),
    border(window="straight"),
    border(window="frontier"),
    border(),
)
TARGETS = (0.5, 1.0, 2.0, 4.0)

STUDY = Study(
    question="Given a task's complexity, can its best width and its best sigma be predicted better than by a constant?",
    conditions=grid(task=TASKS, network=[mlp(width=width) for width in (4, 8, 16, 32, 64)], epochs=[300]),
    arms={
        "none": Treatment.none(),
        **{f"sigma {sigma:g}": Treatment(schedule="static", sigma_end=sigma, strength=0.1) for sigma in TARGETS},
    },
    contrasts=[(f"sigma {sigma:g}", "none") for sigma in TARGETS],
    seeds=Seeds(confirm=range(620, 632)),
    outcome=Outcome(metric="test_balanced_accuracy", margin_pp=1.0, alpha=0.05),
    complexity=True,
)
