"""Updates of one spectral norm: Muon on hidden matrices beside Adam, with and without a penalty, by width.

Where the best learning rate lies at each width, and where sigma goes without a penalty, the tables of the report say.
"""

from spectra_tune.design import Arm, Contrast, Outcome, Seeds, Study, Treatment, grid
from spectra_tune.networks import mlp
from spectra_tune.tasks import digits

STATIC = Treatment(schedule="static", sigma_end=1.0, strength=0.1)
MUON = {"optimizer": "muon"}

STUDY = Study(
    question="With updates of one spectral norm, is a penalty on spectral norms still of use, and do widths agree?",
    conditions=grid(
        task=[digits()],
        network=[mlp(width=width) for width in (16, 64, 256)],
        learning_rate=[0.001, 0.003, 0.01, 0.03],
        epochs=[10],
        batch_size=[64],
    ),
    arms={
        "none": Treatment.none(),
        "static": STATIC,
        "muon": Arm(treatment=Treatment.none(), changes=MUON),
        "muon, static": Arm(treatment=STATIC, changes=MUON),
    },
    contrasts=[
        ("static", "none"),
        ("muon, static", "muon"),
        Contrast(treatment="muon", baseline="none", differs={"optimizer"}),
    ],
    seeds=Seeds(confirm=range(1460, 1474)),
    outcome=Outcome(metric="test_accuracy", margin_pp=1.0, alpha=0.01, descriptive=("test_loss",)),
)
