"""The plan's phase 4: whether anything of it survives the optimizers that are in use."""

from spectra_tune.design import Outcome, Seeds, Study, Treatment, grid
from spectra_tune.networks import mlp
from spectra_tune.tasks import border, moons

TASKS, NETWORK = [moons(), border()], [mlp(width=32)]

STUDY = Study(
    question="Does any effect of the penalty survive AdamW, SGD with momentum, or a cosine learning rate?",
    conditions=[
        *grid(task=TASKS, network=NETWORK, epochs=[300]),
        *grid(task=TASKS, network=NETWORK, learning_rate_schedule=["cosine"], epochs=[300]),
        *grid(task=TASKS, network=NETWORK, optimizer=["adamw"], weight_decay=[0.01], epochs=[300]),
        *grid(task=TASKS, network=NETWORK, optimizer=["sgd"], learning_rate=[0.1], epochs=[300]),
    ],
    arms={
        "none": Treatment.none(),
        "static": Treatment(schedule="static", sigma_end=1.0, strength=0.1),
        "linear": Treatment(schedule="linear", sigma_start=2.5, sigma_end=1.0, strength=0.1),
    },
    contrasts=[("linear", "static"), ("linear", "none"), ("static", "none")],
    seeds=Seeds(confirm=range(700, 720)),
    outcome=Outcome(metric="test_balanced_accuracy", margin_pp=1.0, alpha=0.01),
)
