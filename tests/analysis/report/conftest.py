"""Findings of a tiny study as it trains, and of made-up outcomes: what a page says of these is known."""

from dataclasses import replace

import numpy
import pandas
import pytest

from analysis.report import findings
from spectra_tune.design import Outcome, Seeds, Study, condition_signature, grid
from spectra_tune.engine import BlockTraining, run_block
from spectra_tune.networks import mlp
from spectra_tune.results import COST, Tables, curve_table, figure_table, joined, with_costs
from spectra_tune.tasks import moons
from tests.analysis.describing.conftest import STUDY as BESIDE
from tests.conftest import ARMS

WIDTHS = (2, 4, 8, 16, 32)
STUDY = Study(
    question="What does the page say?",
    conditions=grid(task=[moons(samples=20)], network=[mlp(width=width) for width in WIDTHS], epochs=[1]),
    arms=ARMS,
    contrasts=[("linear", "none"), ("static", "none")],
    seeds=Seeds(confirm=range(8)),
    outcome=Outcome(metric="test_accuracy", margin_pp=1.0, alpha=0.05),
)
LOST = {"linear": 8.0, "static": 0.25}
"""What an arm loses against none at width 1, pp: linear with the width's square root, static at every width."""


@pytest.fixture(scope="session")
def found():
    """Two tasks, three widths, a claim, curves, pictures, timings and links."""
    tables = []
    for block in BESIDE.blocks():
        training = BlockTraining(block)
        while not training.finished:
            report = training.advance()
        tables.append(Tables(report.runs, training.curves(), training.figures()))
    costs = {name: dict.fromkeys(COST, 1.0 + at) for at, (name, _) in enumerate(BESIDE.arms)}
    links = {
        (condition_signature(condition), arm): f"http://127.0.0.1:5000/#/{at}/{arm}"
        for at, condition in enumerate(BESIDE.conditions)
        for arm, _ in BESIDE.arms
    }
    whole = joined(tables)
    compared = {signature: f"http://127.0.0.1:5000/#/compare-runs?runs={signature}" for signature, _ in links}
    timed = whole._replace(runs=with_costs(whole.runs, costs))
    return findings("beside", BESIDE, timed, links=links, compared=compared)


@pytest.fixture(scope="session")
def made_up():
    """Five widths, timed; accuracies as LOST says, give or take a tenth of it, and losses of as much."""
    runs = pandas.concat([run_block(block) for block in STUDY.blocks()], ignore_index=True)
    lost = runs["arm"].map(LOST).fillna(0.0) / numpy.where(runs["arm"] == "linear", runs["width"] ** 0.5, 1.0)
    noise = numpy.random.default_rng(5).uniform(-0.1, 0.1, len(runs)) * lost
    runs["test_accuracy"] = 0.9 + 0.001 * runs["seed"] - (lost + noise) / 100
    runs["test_loss"] = 1 - runs["test_accuracy"]
    costs = {name: dict.fromkeys(COST, 1.0 + at) for at, (name, _) in enumerate(STUDY.arms)}
    return findings("made up", STUDY, Tables(with_costs(runs, costs), curve_table({}), figure_table({})))


@pytest.fixture(scope="session")
def in_nats(made_up):
    """The same runs judged by an outcome whose lower values are better."""
    return findings("in nats", replace(STUDY, outcome=Outcome(metric="test_loss", margin=0.01)), made_up.tables)


def cells(section, *starts):
    """The cells of the table's row that begins with these, by the table's heads."""
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in section.lines if line.startswith("|")]
    (found,) = [row for row in rows if row[: len(starts)] == list(starts)]
    return dict(zip(rows[0], found, strict=True))
