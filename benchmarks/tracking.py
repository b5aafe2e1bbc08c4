"""What MLflow's records cost: against Ray's own callback, against training, and with thousands of children."""

import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import pandas
from ray.air.integrations.mlflow import MLflowLoggerCallback

from analysis import report as reporting
from benchmarks.arms import ARMS
from benchmarks.clock import one_thread
from benchmarks.row import Row
from spectra_tune import tracking
from spectra_tune.design import Condition, Outcome, Seeds, Study, condition_signature, members
from spectra_tune.engine import BlockTraining
from spectra_tune.networks import mlp
from spectra_tune.results import Tables, joined
from spectra_tune.tasks import moons
from spectra_tune.tracking import in_bulk
from spectra_tune.tracking.store import client_of
from studies.command.mlflow_records import counts, for_children

WRITTEN_S, PAGE_S, REPORT_S = 60.0, 2.0, 12.0
"""Wall time that writing 5,000 children, a page of their table, and the report on them, may take."""

CONFIGURATION_S = 0.004
"""Wall time of a configuration of a search."""

ROWS_OF_A_PAGE = 100
"""As many as MLflow's page asks for at once."""


def measure(*, tiny: bool) -> Iterator[Row]:
    """Seconds of MLflowLoggerCallback over the Tracker's, the Tracker's over training, and large experiments.

    The same results are replayed into fresh SQLite stores: for the callback an MLflow run per arm that gets the means
    of each report; for the Tracker the curves of each report and at the end all that `run` writes but the pictures; for
    the Tracker through MLflow's client as well, which is what stores get whose tables are not known.
    """
    blocks, epochs, seeds, repeats = (2, 2, 2, 1) if tiny else (8, 400, 20, 3)
    study = _study(blocks=blocks, width=4 if tiny else 64, epochs=epochs, seeds=seeds)
    trained, training_s = [], 0.0
    with one_thread():
        for block in study.blocks():
            begin = time.perf_counter()
            trained.append(_trained(BlockTraining(block)))
            training_s += time.perf_counter() - begin
    tables = joined(tables for tables, _ in trained)
    reports = [report for _, of_block in trained for report in of_block]
    found = reporting.findings("tracked", study, tables)
    callback_s, tracker_s, client_s = [], [], []
    with tempfile.TemporaryDirectory() as folder:
        for repeat in range(repeats):
            sides = [(callback_s, lambda uri: _by_callback(study, reports, uri))]
            sides += [(tracker_s, lambda uri: _by_tracker(study, reports, found, uri))]
            sides += [(client_s, lambda uri: _by_client(study, reports, found, uri))]
            for number, (taken, write) in enumerate(sides if repeat % 2 == 0 else reversed(sides)):
                uri = f"sqlite:///{folder}/{repeat}_{number}.db"
                client_of(uri).search_experiments()  # makes its tables
                taken.append(_wall(lambda write=write, uri=uri: write(uri)))
    children = blocks * len(ARMS)
    yield Row(
        section="tracking",
        case=f"MLflowLoggerCallback / Tracker, {children} children, {len(reports) // blocks} reports",
        ratios=tuple(one / other for one, other in zip(callback_s, tracker_s, strict=True)),
        target=1.0,
        figures={"callback_s": min(callback_s), "tracker_s": min(tracker_s)},
    )
    yield Row(
        section="tracking",
        case=f"MLflowLoggerCallback / Tracker through MLflow's client, {children} children",
        ratios=tuple(one / other for one, other in zip(callback_s, client_s, strict=True)),
        target=1.0,
        figures={"client_s": min(client_s)},
    )
    yield Row(
        section="tracking",
        case=f"Tracker / training on two cores, {len(tables.runs)} runs of {epochs} epochs, width 64",
        ratios=tuple(one / (training_s / 2) for one in tracker_s),
        target=0.05,
        at_least=False,
        figures={"training_s": training_s / 2},
    )
    yield _searched(tables.runs, study, configurations=10 if tiny else 1000)
    yield from _many_children(conditions=4 if tiny else 2500, seeds=2 if tiny else 8)


def _study(*, blocks: int, width: int, epochs: int, seeds: int) -> Study:
    return Study(
        question="What do records cost?",
        conditions=[
            Condition(
                task=moons(samples=64 if width < 64 else 1000),
                network=mlp(width=width),
                learning_rate=0.01 / (1 + at),
                epochs=epochs,
            )
            for at in range(blocks)
        ],
        arms=ARMS,
        contrasts=[("penalty", "none")],
        seeds=Seeds(confirm=range(seeds)),
        outcome=Outcome(metric="test_accuracy"),
    )


def _trained(training: BlockTraining) -> tuple[Tables, list[pandas.DataFrame]]:
    reports = []
    while not training.finished:
        reports.append(training.advance().curves)
    return Tables(training.runs(), training.curves(), training.figures()), reports


def _by_callback(study: Study, reports: list[pandas.DataFrame], uri: str) -> None:
    """What Ray's callback does with a trial per arm that reports the means of its seeds."""
    callback = MLflowLoggerCallback(tracking_uri=uri, experiment_name="tracked")
    callback.setup()
    owner = {member.signature: member for block in study.blocks() for member in members(block)}
    trials: dict[str, Any] = {}
    for report in reports:
        names = [f"{owner[one].condition_signature[:8]} {owner[one].arm}" for one in report["signature"]]
        means = report.assign(name=names).groupby(["name", "epoch", "metric"])["value"].mean().unstack("metric")
        for (name, epoch), row in zip(means.index, means.to_dict("records"), strict=True):
            if name not in trials:
                trials[name] = _Trial(name)
                callback.log_trial_start(trials[name])
            callback.log_trial_result(epoch, trials[name], {**row, "training_iteration": int(epoch)})
    for trial in trials.values():
        callback.log_trial_end(trial)


@dataclass(frozen=True)
class _Trial:
    """As much of Ray's trial as the callback looks at."""

    name: str

    @property
    def config(self) -> dict[str, str]:
        return {"arm": self.name}

    def __str__(self) -> str:
        return self.name


def _by_tracker(study: Study, reports: list[pandas.DataFrame], found: reporting.Findings, uri: str) -> None:
    tracker = _begun(study, uri)
    tracker.add(study.blocks())
    for report in reports:
        tracker.log_curves(report)
    summaries, tags = for_children(found)
    tracker.finish(
        found.tables,
        outcome=study.outcome.metric,
        summaries=summaries,
        tags=tags,
        parent_metrics=counts(found.judged),
        description="",
        artifacts={},
    )


def _by_client(study: Study, reports: list[pandas.DataFrame], found: reporting.Findings, uri: str) -> None:
    """The same without the tables of MLflow's database."""
    with mock.patch.object(in_bulk, "SEEN", "another schema"):
        _by_tracker(study, reports, found, uri)


def _searched(runs: pandas.DataFrame, study: Study, *, configurations: int) -> Row:
    """A search whose configurations all have the same five runs, told of ten at a time."""
    first = runs[runs["arm"] == runs["arm"].iloc[0]].groupby("condition_signature").head(5)
    first = first[first["condition_signature"] == first["condition_signature"].iloc[0]]
    told = [first.assign(configuration=number, side="treatment", stage="search") for number in range(configurations)]
    with tempfile.TemporaryDirectory() as folder:
        uri = f"sqlite:///{Path(folder) / 'search.db'}"
        client_of(uri).search_experiments()
        tracker = _begun(study, uri)

        def write() -> None:
            for at in range(0, configurations, 10):
                tracker.log_configurations(pandas.concat(told[at : at + 10]), "validation_accuracy")

        each_s = _wall(write) / configurations
    return Row(
        section="tracking",
        case=f"a configuration of a search of {configurations} / its {1000 * CONFIGURATION_S:g} ms",
        ratios=(each_s / CONFIGURATION_S,),
        target=1.0,
        at_least=False,
        figures={"configuration_s": each_s},
    )


def _begun(study: Study, uri: str) -> tracking.Tracker:
    return tracking.Tracker.begin("tracked", study, uri, labels=study.labels(), description="", parameters={}, tags={})


def _many_children(*, conditions: int, seeds: int) -> Iterator[Row]:
    """A store with two children per Condition: one block is trained, the others repeat its numbers."""
    study = _study(blocks=conditions, width=4, epochs=2, seeds=seeds)
    first, *_ = blocks = study.blocks()
    (runs, curves, shapes), _ = _trained(BlockTraining(first))
    keys = {member.signature: (member.arm, member.seed) for member in members(first)}
    parts = []
    for block in blocks:
        named = {(member.arm, member.seed): member.signature for member in members(block)}
        renamed = {old: named[key] for old, key in keys.items()}
        of_block = runs.assign(
            signature=runs["signature"].map(renamed),
            condition_signature=condition_signature(block.condition),
            learning_rate=block.condition.learning_rate,
        )
        parts.append(Tables(of_block, curves.assign(signature=curves["signature"].map(renamed)), shapes.iloc[:0]))
    tables = joined(parts)
    with tempfile.TemporaryDirectory() as folder:
        uri = f"sqlite:///{Path(folder) / 'many.db'}"
        client = client_of(uri)
        client.search_experiments()
        found = reporting.findings("tracked", study, tables)
        written_s = _wall(lambda: _by_tracker(study, [], found, uri))
        execution = tracking.find_execution("tracked", uri)
        assert execution is not None
        place = [execution.experiment_id]
        wanted = "tags.`spectra_tune.kind` = 'arm' and metrics.gain_over_none > -100"
        order = ["metrics.gain_over_none DESC"]

        def page() -> None:
            client.search_runs(place, wanted, order_by=order, max_results=ROWS_OF_A_PAGE)

        page_s = [_wall(page) for _ in range(3)]

        def report() -> None:
            read = tracking.read_tables("tracked", uri)
            pages = tracking.pages("tracked", uri, "http://127.0.0.1:5000")
            found = reporting.findings("tracked", study, read, links=pages.runs, compared=pages.compared)
            reporting.files(found)

        report_s = _wall(report)
    children = 2 * conditions
    cases = (("writing", [written_s], WRITTEN_S), ("a page", page_s, PAGE_S), ("the report", [report_s], REPORT_S))
    for case, taken, most in cases:
        yield Row(
            section="tracking",
            case=f"{case} of {children} children / its {most:g} s",
            ratios=tuple(one / most for one in taken),
            target=1.0,
            at_least=False,
            figures={f"{case.split()[-1]}_s": min(taken)},
        )


def _wall(function: Callable[[], object]) -> float:
    begin = time.perf_counter()
    function()
    return time.perf_counter() - begin
