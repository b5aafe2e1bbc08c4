"""Kept networks become MLflow models of their arms: once each, loaded without pickle and without a study's code."""

import json
from pathlib import Path

import mlflow
import numpy
import pandas
import pytest
import torch
from mlflow import MlflowClient

from spectra_tune import tracking
from spectra_tune.design import members
from spectra_tune.engine import BlockTraining
from spectra_tune.engine.kept_models import unpacked
from spectra_tune.launching.kept_models import forget_models, keep_models, kept_model
from spectra_tune.results import kept_runs
from studies.command import catalogue, models
from studies.command.console import to_reader
from tests.tools.stores import empty_store
from tests.tools.study_file import written

pytestmark = pytest.mark.integration

STUDY = """
from spectra_tune.networks import module
import torch

class Own(torch.nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.inner, self.norm = torch.nn.Linear(inputs, 6), torch.nn.BatchNorm1d(6)
        self.outer = torch.nn.Linear(6, outputs)

    def forward(self, x):
        return self.outer(torch.sin(self.norm(self.inner(x))))

STUDY = Study(
    question="Are they kept?",
    conditions=grid(task=[moons(samples=60)], network=[mlp(width=4), mlp(width=136), module(Own)], epochs=[3]),
    arms={"none": Treatment.none(), "a/b: 50%": Treatment(strength=0.1, sigma_end=1.0)},
    contrasts=[("a/b: 50%", "none")],
    seeds=Seeds(confirm=range(5, 8)),
    keep_models="best",
)
"""


def test_the_best_of_each_arm_is_a_model_that_is_loaded_without_its_code(folder, capsys, monkeypatch):
    named = catalogue.load(written(folder, STUDY))
    study, place, uri = named.study, str(folder / "storage"), empty_store(folder)
    kept, within, runs = study.kept_models, f"{folder / 'storage'}/mine", []
    for block in study.blocks():
        training = BlockTraining(block)
        while not training.finished:
            training.advance()
        runs.append(training.runs())
        for files in training.models(kept_runs(runs[-1], kept)["signature"].tolist()):
            keep_models(within, files)
    runs = pandas.concat(runs, ignore_index=True)
    assert len(list((Path(within) / "models").iterdir())) == 6

    tracker = tracking.Tracker.begin(
        "mine", study, uri, labels=study.labels(), description="", parameters={}, tags={"storage": place}
    )
    tracker.add(study.blocks())
    client, console = MlflowClient(tracking_uri=uri), to_reader()
    half = client.create_logged_model(tracker.experiment_id, source_run_id=None, name="half")
    models.log(console, named, tracker, runs, place)
    there = client.search_logged_models([tracker.experiment_id])
    models.log(console, named, tracker, runs, place)
    again = client.search_logged_models([tracker.experiment_id])
    assert {one.model_id for one in again} == {one.model_id for one in there}
    assert capsys.readouterr().out == ""
    client.delete_logged_model(half.model_id)

    monkeypatch.setenv("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "false")
    mlflow.set_tracking_uri(uri)
    of_signature = {member.signature: member for block in study.blocks() for member in members(block)}
    found = [one for one in again if one.model_id != half.model_id]
    assert len(found) == 6
    for one in found:
        member = of_signature[one.tags["signature"]]
        arm = "none" if member.arm == "none" else "a_b_ 50_"
        assert one.name.startswith(f"{arm}, seed {member.seed}, moons(samples=60), ")
        assert str(member.condition.network.width if hasattr(member.condition.network, "width") else "Own") in one.name
        assert float(one.params["test_accuracy"]) == float(one.tags["test_accuracy"])
        assert (one.params["arm"], one.params["seed"]) == (member.arm, str(member.seed))
        mine = runs[(runs["condition_signature"] == member.condition_signature) & (runs["arm"] == member.arm)]
        run = mine.loc[mine["validation_accuracy"].idxmax()]
        assert run["signature"] == member.signature
        assert float(one.tags["test_accuracy"]) == pytest.approx(run["test_accuracy"], abs=1e-5)
        child = client.get_run(one.source_run_id)
        assert child.data.tags["arm"] == member.arm
        assert child.data.tags["condition_signature"] == member.condition_signature
        assert [output.model_id for output in child.outputs.model_outputs] == [one.model_id]

        whole = unpacked(kept_model(within, member.signature), member, member.seed)
        network = mlflow.pytorch.load_model(one.model_uri)
        x, y = member.condition.task.draw("validation", member.seed)
        numpy.testing.assert_array_equal(network(torch.from_numpy(whole.samples)).detach(), whole.outputs)
        right = (network(torch.as_tensor(x).float())[:, 0] > 0).numpy() == y
        assert right.mean() == pytest.approx(run["validation_accuracy"])
        about = mlflow.models.Model.load(one.model_uri)
        assert json.loads(about.signature.to_dict()["inputs"])[0]["tensor-spec"]["shape"] == [-1, 2]
        numpy.testing.assert_allclose(about.load_input_example(), whole.samples)


def test_a_network_that_is_gone_is_said_and_the_others_are_written(folder, capsys):
    named = catalogue.load(
        written(folder, STUDY.replace("[mlp(width=4), mlp(width=136), module(Own)]", "[mlp(width=4)]"))
    )
    study, uri, within = named.study, empty_store(folder), f"{folder / 'storage'}/mine"
    training = BlockTraining(*study.blocks())
    while not training.finished:
        training.advance()
    runs = training.runs()
    runs.loc[runs["arm"] == "none", "status"] = "diverged"
    forget_models(within)
    tracker = tracking.Tracker.begin(
        "mine", study, uri, labels=study.labels(), description="", parameters={}, tags={"storage": "nowhere"}
    )
    tracker.add(study.blocks())
    models.log(to_reader(), named, tracker, runs, str(folder / "storage"))
    one, other = capsys.readouterr().out.replace("\n", " ").split("WARNING: ")
    assert "moons(samples=60), none: none of its runs ended with finite weights" in one
    assert "a/b: 50%, seed " in other
    assert f"its weights must be in {folder / 'storage'}/mine, they are not" in other
    assert MlflowClient(tracking_uri=uri).search_logged_models([tracker.experiment_id]) == []

    whole, *_ = next(training.models(runs["signature"].tolist())).values()
    for content in (b"", b"half a file", whole[:-100]):
        keep_models(within, dict.fromkeys(runs["signature"], content))
        models.log(to_reader(), named, tracker, runs, str(folder / "storage"))
        assert f"its weights in {folder / 'storage'}/mine/models are damaged" in capsys.readouterr().out
