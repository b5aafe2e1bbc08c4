"""What stands beside a verdict under attack: the clean metric, and signs that gradients are masked."""

import pytest

from analysis.describing.robustness import robustness_table
from analysis.judging.contrasts import judge_study
from analysis.report import findings
from analysis.report.sections.robustness import section
from spectra_tune.design import Attack, Outcome, Seeds, Study, Treatment, grid
from spectra_tune.engine import run_block
from spectra_tune.networks import mlp
from spectra_tune.results import Tables, curve_table, figure_table
from spectra_tune.tasks import moons

STUDY = Study(
    question="Is it robust?",
    conditions=grid(task=[moons(samples=60)], network=[mlp(width=4)], epochs=[20]),
    arms={"none": Treatment.none(), "static": Treatment(sigma_end=1.0, strength=0.3)},
    contrasts=[("static", "none")],
    seeds=Seeds(confirm=range(6)),
    outcome=Outcome(metric="test_robust_accuracy", attack=Attack(norm="linf", epsilon=0.1, samples=40)),
)
BLIND = "**Signs of masked gradients**"


@pytest.fixture(scope="module")
def runs():
    return run_block(STUDY.blocks()[0])


def told(runs):
    return "\n".join(section(findings("robust", STUDY, Tables(runs, curve_table({}), figure_table({})))).lines)


def test_a_verdict_under_attack_says_what_became_of_clean_accuracy(runs):
    by_arm = runs.groupby("arm")["test_accuracy"].mean() * 100
    (one,) = judge_study(STUDY, runs)
    change, of_none = by_arm["static"] - by_arm["none"], by_arm["none"]
    assert f"Clean accuracy: {change:+.2f} pp [" in one.verdict.sentence
    assert f"from {of_none:.1f} % (descriptive)." in one.verdict.sentence


def test_means_count_a_diverged_run_as_the_constant(runs):
    lost = runs["seed"].eq(0) & runs["arm"].eq("static")
    broken = runs.assign(status=runs["status"].mask(lost, "diverged"))
    broken["test_robust_accuracy"] = broken["test_robust_accuracy"].mask(lost)
    row = robustness_table(STUDY, broken).set_index("arm").loc["static"]
    counted = runs.loc[runs["arm"].eq("static"), "test_robust_accuracy"].mask(lost)
    constant = runs.loc[lost, "test_robust_accuracy_of_constant"].iloc[0]
    assert row["test_robust_accuracy"] == pytest.approx(100 * counted.fillna(constant).mean())


def test_signs_of_masked_gradients_are_told_with_their_runs(runs):
    fair = told(runs)
    assert "No sign of masked gradients" in fair
    at = runs["seed"].lt(2) & runs["arm"].eq("static")
    rises = runs.assign(test_robust_at_twice_epsilon=runs["test_robust_at_twice_epsilon"].mask(at, 1.0))
    assert f"{BLIND}, so that accuracy under attack may be told too high: accuracy rises" in told(rises)
    assert "static: 2 of 6 runs" in told(rises)
    transfers = runs.assign(test_transfer_accuracy=runs["test_transfer_accuracy"].mask(at, 0.0))
    assert "the perturbations of the baseline do more" in told(transfers)
