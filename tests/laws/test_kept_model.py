"""A kept network is the trained one, whatever trained it, and its graph needs none of the code that made it."""

import io
from dataclasses import replace

import numpy
import pandas
import pytest
import torch

from spectra_tune import objectives
from spectra_tune.design import Block, Condition, InvalidStudy, Outcome, Seeds, SplitMetric, Study, Treatment, members
from spectra_tune.design.kept_models import KeptModels
from spectra_tune.engine import BlockTraining, rehearse
from spectra_tune.engine.in_turn.data import Data
from spectra_tune.engine.in_turn.evaluation import outputs_over
from spectra_tune.engine.kept_models import EXAMPLE, tracing, unpacked
from spectra_tune.engine.members.draws import Draw
from spectra_tune.networks import gcn, mlp, module
from spectra_tune.objectives import objective_of
from spectra_tune.results import kept_runs
from spectra_tune.tasks import moons, permuted
from tests.laws.kinds import NETWORKS, TRIED, Branching, each_once

WITHOUT_GRAPH = ("Branching", "gcn")
"""Networks that torch.export cannot write: control flow by the data's values, a sparse matrix."""


def trained(block) -> tuple[pandas.DataFrame, dict[str, bytes]]:
    training = BlockTraining(block)
    while not training.finished:
        training.advance()
    runs = training.runs()
    files: dict[str, bytes] = {}
    for of_group in training.models(runs["signature"].tolist()):
        files |= of_group
    return runs, files


@pytest.mark.parametrize(("network", "task"), each_once(NETWORKS))
def test_a_kept_network_scores_what_its_run_scored_and_so_does_its_graph(network, task):
    condition = Condition(task=task, network=network, epochs=2)
    block = Block(condition=condition, arms={"none": Treatment.none()}, seeds=range(2))
    runs, files = trained(block)
    objective = objective_of(task)
    data = Data(task, Draw(task), "cpu", torch.float32)
    for member, (_, run) in zip(members(block), runs.iterrows(), strict=True):
        kept = unpacked(files[member.signature], replace(member, seed=-1), member.seed)
        assert len(kept.samples) == EXAMPLE
        x, y = data.of("validation", member.seed)
        outputs = outputs_over(kept.module, x, data.numbers)
        scores = objectives.implement(objective).scores(outputs, y)
        for metric in objective.metrics:
            column = SplitMetric("validation", metric).column
            assert float(scores[metric.name]) == pytest.approx(run[column], rel=1e-4, abs=1e-6), metric.name
    samples = torch.from_numpy(kept.samples)
    if str(network) in WITHOUT_GRAPH:
        with pytest.raises((RuntimeError, NotImplementedError)):
            exported(kept.module, samples)
        return
    graph = exported(kept.module, samples)
    of_graph = graph(data.numbers(x[:7]))
    numpy.testing.assert_allclose(of_graph.detach(), outputs[:7], rtol=1e-4, atol=1e-6)
    numpy.testing.assert_array_equal(graph(samples).detach(), kept.outputs)


def exported(trained_module, samples):
    """The module's graph, written and read."""
    content = io.BytesIO()
    with tracing():
        graph = torch.export.export(trained_module, (samples,), dynamic_shapes=[{0: torch.export.Dim.AUTO}])
    torch.export.save(graph, content)
    content.seek(0)
    return torch.export.load(content).module()


def test_a_file_holds_one_member_and_nothing_of_its_neighbours():
    condition = Condition(task=moons(samples=60), network=mlp(width=8), epochs=1)
    _, few = trained(Block(condition=condition, arms={"none": Treatment.none()}, seeds=range(1)))
    _, many = trained(Block(condition=condition, arms={"none": Treatment.none()}, seeds=range(9)))
    assert {len(content) for content in many.values()} == {len(content) for content in few.values()}


def test_keeping_networks_changes_no_bit():
    condition = Condition(task=moons(samples=60), network=mlp(width=8), epochs=2)
    block = Block(condition=condition, arms={"none": Treatment.none()}, seeds=range(2))
    keeping = replace(block, kept_models=KeptModels(which="all", by=Outcome().measured.followed))
    assert trained(block)[1] == trained(keeping)[1]
    assert [one.signature for one in members(block)] == [one.signature for one in members(keeping)]


def study(**given) -> Study:
    return Study(
        **{
            "question": "Which is kept?",
            "conditions": [Condition(task=moons(samples=60), network=mlp(width=4), epochs=2)],
            "arms": {"none": Treatment.none(), "static": Treatment(strength=0.1, sigma_end=1.0)},
            "contrasts": [("static", "none")],
            "seeds": Seeds(confirm=range(3)),
            **given,
        }
    )


def rows(column, scores, status=("ok",) * 4):
    arms = ["none", "none", "static", "static"]
    return pandas.DataFrame(
        {"condition_signature": "a", "arm": arms, "seed": [1, 2] * 2, "status": status} | {column: scores}
    )


def test_the_best_is_that_of_the_best_validation_score_and_of_equal_ones_the_first():
    kept = study(keep_models="best").kept_models
    assert kept.by.column == "validation_accuracy"
    chosen = kept_runs(rows("validation_accuracy", [0.5, 0.9, 0.7, 0.7]), kept)
    assert list(zip(chosen["arm"], chosen["seed"], strict=True)) == [("none", 2), ("static", 1)]
    by_loss = study(keep_models="best", outcome=Outcome(metric="test_loss")).kept_models
    assert kept_runs(rows("validation_loss", [0.5, 0.9, 0.7, 0.6]), by_loss)["seed"].tolist() == [1, 2]


def test_a_run_without_finite_weights_is_kept_by_neither():
    status = ("diverged", "ok", "failed", "diverged")
    runs = rows("validation_accuracy", [1.0, 0.9, numpy.nan, 1.0], status)
    for which in ("best", "all"):
        chosen = kept_runs(runs, study(keep_models=which).kept_models)
        assert list(zip(chosen["arm"], chosen["seed"], strict=True)) == [("none", 2)]


def test_test_data_choose_nothing():
    curriculum = Condition(task=permuted(moons(samples=60), phases=2), network=mlp(width=4), epochs=2)
    for metric in ("test_accuracy", "test_accuracy_mean", "forgetting"):
        kept = study(keep_models="best", conditions=[curriculum], outcome=Outcome(metric=metric)).kept_models
        assert kept.by.column == "validation_accuracy"


def test_a_study_that_does_not_ask_is_the_one_that_it_was():
    assert study(keep_models=None).signature() == study().signature()
    assert study(keep_models="all").signature() != study().signature()
    assert study().kept_models is None
    with pytest.raises(InvalidStudy, match="keep_models must be 'best', 'all' or None, got 'every'"):
        study(keep_models="every")


def test_a_network_without_a_graph_is_refused_before_anything_trains(capfd):
    branching = Condition(task=moons(samples=60), network=module(Branching, hidden=4), epochs=2)
    rehearse(study(conditions=[branching]))
    graph = Condition(task=TRIED["graph"], network=gcn(width=4), epochs=2)
    with pytest.raises(InvalidStudy, match=r"keep_models needs .* gcn is none: .*Sparse"):
        rehearse(study(conditions=[graph], keep_models="best"))
    with pytest.raises(
        InvalidStudy, match=r"keep_models needs networks that torch\.export can make a graph of, Branching"
    ) as refused:
        rehearse(study(conditions=[branching], keep_models="best"))
    assert len(str(refused.value)) < 600
    assert "\n" not in str(refused.value)
    assert capfd.readouterr() == ("", ""), "torch says its graph for itself"
