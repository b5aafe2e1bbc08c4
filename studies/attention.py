"""The plan's phase 4, attention: which weights of a small encoder the penalty should pull, if any."""

from spectra_tune.design import Outcome, Seeds, Study, Treatment, grid
from spectra_tune.networks import transformer
from spectra_tune.tasks import pride_and_prejudice


def static(*names: str) -> Treatment:
    return Treatment(schedule="static", sigma_end=1.0, strength=0.1, regularized=names or None)


STUDY = Study(
    question="Does pulling W_q W_k^T, the feed-forward weights or all of an encoder help it learn the next character?",
    conditions=grid(
        task=[pride_and_prejudice(context=32, samples=2000)],
        network=[transformer(width=32)],
        learning_rate=[0.003, 0.02],
        epochs=[8],
        batch_size=[32],
    ),
    arms={
        "none": Treatment.none(),
        "queries and keys": static("*.qk.*"),
        "feed-forward": static("*.perceptron"),
        "all": static(),
        "frobenius": Treatment(penalty="frobenius", strength=0.0001),
    },
    contrasts=[
        ("queries and keys", "none"),
        ("feed-forward", "none"),
        ("all", "none"),
        ("frobenius", "none"),
        ("feed-forward", "queries and keys"),
        ("all", "frobenius"),
    ],
    seeds=Seeds(confirm=range(1020, 1032)),
    outcome=Outcome(metric="test_loss", margin=0.02, alpha=0.01, descriptive=("test_accuracy",)),
    threshold=2.3,
)
