"""A study file of a user's, small enough for a test."""

HEAD = """
from spectra_tune.design import *
from spectra_tune.networks import mlp
from spectra_tune.tasks import moons
"""
GOOD = """
STUDY = Study(
    question="Is it a study?",
    conditions=grid(task=[moons(samples=60)], network=[mlp(width=4), mlp(width=8)], epochs=[EPOCHS]),
    arms={"none": Treatment.none(), "static": Treatment(strength=0.1, sigma_end=1.0)},
    contrasts=[("static", "none")],
    seeds=Seeds(confirm=range(9)),
    outcome=Outcome(metric="test_accuracy", descriptive=("train_accuracy",)),
)
""".replace("EPOCHS", "6")


def written(folder, text=GOOD, name="mine.py"):
    """The path of the file, beside the working directory."""
    file = folder.parent / name
    file.write_text(HEAD + text)
    return str(file)
