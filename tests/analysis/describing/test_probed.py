"""Probes are compared seed by seed where both arms could be measured; nothing else becomes a number."""

import numpy
import pandas
import pytest

from analysis.describing.probed import AT_THE_END, probed_table, reasons_in
from analysis.judging.contrasts import arm_summaries, judge_study
from analysis.report import files, findings
from analysis.statistics.significance import paired_t
from spectra_tune.design import Seeds, Study, grid
from spectra_tune.engine import run_block
from spectra_tune.networks import mlp
from spectra_tune.results import Tables, curve_table, figure_table
from spectra_tune.tasks import moons
from tests.conftest import ARMS

STUDY = Study(
    question="What do probes say?",
    conditions=grid(task=[moons(samples=60)], network=[mlp(width=w) for w in (3, 4)], epochs=[3]),
    arms=ARMS,
    contrasts=[("linear", "static"), ("linear", "none")],
    seeds=Seeds(confirm=range(5)),
)
WHY = "units of tanh are not silent below 0: only relu's; so none"


@pytest.fixture(scope="module")
def runs():
    """Made-up probes: x grows with the seed, most on linear, whose seed 1 has a reason and whose seed 3 died."""
    table = pandas.concat([run_block(block) for block in STUDY.blocks()], ignore_index=True)
    linear = table["arm"] == "linear"
    spread = {"linear": 0.5, "static": 0.0, "none": -0.25}
    table["probe_x"] = table["arm"].map(spread) * table["seed"] ** 2 + 1.0
    table["probe_never"] = numpy.nan
    table["probe_reasons"] = "never: no line there"
    table.loc[linear & (table["seed"] == 1), "probe_x"] = numpy.nan
    table.loc[linear & (table["seed"] == 1), "probe_reasons"] = f"never: no line there; x: {WHY}"
    died = linear & (table["seed"] == 3)
    table.loc[died, "status"] = "diverged"
    table.loc[died, ["probe_x", "test_accuracy", "train_accuracy"]] = numpy.nan
    return table


@pytest.fixture(scope="module")
def judged(runs):
    return judge_study(STUDY, runs)


def row(table, contrast, quantity, condition=0):
    label = list(STUDY.labels().values())[condition]
    chosen = (table["contrast"] == contrast) & (table["quantity"] == quantity) & (table["condition"] == label)
    return table[chosen].iloc[0]


def test_a_probe_is_compared_over_the_seeds_measured_on_both_arms(runs, judged):
    found = row(probed_table(runs, curve_table({}), judged), "linear − none", "x")
    by_hand = paired_t(0.75 * numpy.array([0, 2, 4]) ** 2)
    assert (found["difference"], found["low"], found["high"]) == pytest.approx(
        (by_hand.estimate, by_hand.low, by_hand.high)
    )
    assert found["treatment"] == pytest.approx(1 + 0.5 * 20 / 3)
    assert found["baseline"] == pytest.approx(1 - 0.25 * 20 / 3)
    assert (found["measured"], found["seeds"]) == (3, 5)


def test_why_a_seed_was_not_measured_is_counted_by_run(runs, judged):
    table = probed_table(runs, curve_table({}), judged)
    assert row(table, "linear − none", "x")["why_not"] == f"{WHY} (1 run); the run diverged (1 run)"
    never = row(table, "linear − static", "never", condition=1)
    assert never["measured"] == 0
    assert numpy.isnan(never["difference"])
    assert never["why_not"] == "no line there (9 runs); the run diverged (1 run)"


def test_nothing_is_a_test(runs, judged):
    table = probed_table(runs, curve_table({}), judged)
    assert not [name for name in table.columns if name.startswith("p")]
    assert len(table) == 2 * len(judged)


def test_what_was_measured_earlier_is_compared_at_its_epoch(runs, judged):
    curves = curve_table(
        {
            "signature": runs["signature"],
            "epoch": [2] * len(runs),
            "metric": ["probe_x"] * len(runs),
            "value": (runs["arm"] == "linear") * 2.0 + runs["seed"],
        }
    )
    table = probed_table(runs, curves, judged)
    earlier = table[table["epoch"] == 2]
    assert len(earlier) == len(judged)
    assert earlier["difference"].to_numpy() == pytest.approx(2.0)
    assert set(earlier["measured"]) == {5}
    assert set(table["epoch"]) == {AT_THE_END, 2}


def test_without_probes_there_is_nothing(runs, judged):
    plain = runs.drop(columns=[name for name in runs if name.startswith("probe_")])
    assert probed_table(plain, curve_table({}), judged).empty


def test_reasons_may_have_colons_and_semicolons():
    assert reasons_in(f"x: {WHY}; y_1: too few") == {"x": WHY, "y_1": "too few"}
    assert reasons_in("") == {}


def test_an_arms_summary_has_the_mean_over_the_runs_measured(runs):
    summaries = arm_summaries(runs)
    (of_linear, *_) = [summary for (_, arm), summary in summaries.items() if arm == "linear"]
    assert of_linear["probe_x"] == pytest.approx(1 + 0.5 * 20 / 3)
    assert not any("probe_never" in summary or "probe_reasons" in summary for summary in summaries.values())


def test_the_report_prints_them_and_has_all_in_a_file(runs):
    found = findings("probed", STUDY, Tables(runs, curve_table({}), figure_table({})))
    written = files(found)
    text = written["report.md"].decode()
    assert "## Probes (descriptive)" in text
    assert "| linear − none | x | -0.667 | 4.33 | +5 [" in text
    assert f"| 3 of 5 | {WHY} (1 run); the run diverged (1 run) |" in text
    whole = probed_table(found.runs, found.tables.curves, found.judged)
    assert len(written["probes.csv"].decode().splitlines()) == 1 + len(whole)
