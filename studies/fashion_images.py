"""The plan's phase 4, non-toy data: a convolutional network on pictures of clothes, beside shrinkage."""

from spectra_tune.design import Outcome, Seeds, Study, Treatment, grid
from spectra_tune.networks import cnn
from spectra_tune.tasks import fashion_mnist

STUDY = Study(
    question="Does holding the convolutions' spectral norms down help a small convolutional network on Fashion-MNIST?",
    conditions=grid(task=[fashion_mnist(samples=4000)], network=[cnn(channels=8)], epochs=[6], batch_size=[64]),
    arms={
        "none": Treatment.none(),
        "static": Treatment(schedule="static", sigma_end=1.0, strength=0.001),
        "static 3": Treatment(schedule="static", sigma_end=3.0, strength=0.01),
        "linear": Treatment(schedule="linear", sigma_start=2.5, sigma_end=1.0, strength=0.001),
        "frobenius": Treatment(penalty="frobenius", strength=0.0003),
    },
    contrasts=[
        ("static", "none"),
        ("static 3", "none"),
        ("linear", "none"),
        ("frobenius", "none"),
        ("static", "frobenius"),
        ("linear", "frobenius"),
    ],
    seeds=Seeds(confirm=range(1000, 1020)),
    outcome=Outcome(metric="test_accuracy", margin_pp=0.5, alpha=0.01, descriptive=("test_loss",)),
    threshold=0.8,
)
