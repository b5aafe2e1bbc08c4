"""A study of two tasks, three widths and a claim, trained once for all that is described beside its verdicts."""

import pandas
import pytest

from analysis.judging.contrasts import judge_study
from analysis.judging.matching import pair
from spectra_tune.design import Arm, Claim, Contrast, Outcome, Seeds, Study, condition_signature, grid
from spectra_tune.engine import run_block
from spectra_tune.networks import mlp
from spectra_tune.tasks import circles, moons
from tests.conftest import ARMS

SHORT = Arm(treatment=ARMS["static"], changes={"epochs": 4})
STUDY = Study(
    question="What stands beside it?",
    conditions=grid(
        task=[moons(samples=60), circles(samples=60)], network=[mlp(width=w) for w in (3, 4, 6)], epochs=[8]
    ),
    arms={**ARMS, "short": SHORT},
    contrasts=[("linear", "static"), Contrast(treatment="linear", baseline="short", differs={"epochs"})],
    seeds=Seeds(confirm=range(6)),
    outcome=Outcome(metric="test_accuracy", alpha=0.05, descriptive=("train_accuracy", "test_loss")),
    claim=Claim(gain_pp=1.9, baseline="short", steps=[("epochs", "static"), ("schedule", "linear")]),
)


@pytest.fixture(scope="session")
def study():
    return STUDY


@pytest.fixture(scope="session")
def runs():
    return pandas.concat([run_block(block) for block in STUDY.blocks()], ignore_index=True)


@pytest.fixture(scope="session")
def judged(runs):
    return judge_study(STUDY, runs)


@pytest.fixture(scope="session")
def of_condition(runs):
    """The rows of one Condition."""
    return lambda condition: runs[runs["condition_signature"] == condition_signature(condition)]


@pytest.fixture(scope="session")
def differences(of_condition):
    """Of linear and static in one Condition."""
    return lambda condition: (
        pair(of_condition(condition), treatment="linear", baseline="static", metric="test_accuracy").values
    )
