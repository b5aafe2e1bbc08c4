"""A target of its own for every weight, sigma_l = sigma_0 * l**(-exponent), of a convolutional net and an encoder."""

from spectra_tune.design import Outcome, Seeds, Study, Treatment, grid
from spectra_tune.networks import cnn, transformer
from spectra_tune.tasks import as_sequence, digits

EXPONENTS = (-1.0, -0.5, 0.0, 0.5, 1.0)


def profile(exponent: float) -> Treatment:
    return Treatment(schedule="static", sigma_end=1.5, strength=0.1, depth_exponent=exponent)


STUDY = Study(
    question="Does a target that rises or falls with the layer beat a uniform one in a cnn and in a transformer?",
    conditions=[
        *grid(task=[digits()], network=[cnn(channels=4, depth=4)], learning_rate=[0.003], epochs=[15], batch_size=[64]),
        *grid(
            task=[as_sequence(digits(), step=8)],
            network=[transformer(width=16, depth=3)],
            learning_rate=[0.003],
            epochs=[15],
            batch_size=[64],
        ),
    ],
    arms={"none": Treatment.none(), **{f"exponent {exponent:g}": profile(exponent) for exponent in EXPONENTS}},
    contrasts=[
        *((f"exponent {exponent:g}", "exponent 0") for exponent in EXPONENTS if exponent != 0),
        *((f"exponent {exponent:g}", "none") for exponent in EXPONENTS),
    ],
    seeds=Seeds(confirm=range(1720, 1732)),
    outcome=Outcome(metric="test_accuracy", margin_pp=1.0, alpha=0.01, descriptive=("test_loss",)),
)
