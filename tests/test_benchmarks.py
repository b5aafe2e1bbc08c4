"""The benchmarks run, and compare like with like; what they measure is no test's business."""

import json
import math

import pytest
import torch

from benchmarks.__main__ import SECTIONS, main
from benchmarks.arms import ARMS
from benchmarks.gpu import _in_turn
from benchmarks.plain_training import PlainTraining, tensors
from benchmarks.row import Row
from spectra_tune.design import Block, Condition
from spectra_tune.engine import run_block
from spectra_tune.networks import mlp
from spectra_tune.tasks import moons

STARTS_RAY = ("alternatives", "searching", "whole_path")


def _marks(section):
    if section == "gpu":
        return [pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")]
    if section in STARTS_RAY:
        return [pytest.mark.integration, pytest.mark.slow]
    return [pytest.mark.integration] if section == "tracking" else []


@pytest.mark.parametrize(
    "section",
    [pytest.param(name, marks=_marks(name)) for name in SECTIONS],
)
def test_every_section_gives_finite_ratios(section, request, tmp_path, capsys):
    if section in ("alternatives", "searching"):
        request.getfixturevalue("ray")
    file = tmp_path / "out.json"
    assert main(["--tiny", "--only", section, "--output", str(file)]) == 0
    recorded = json.loads(file.read_text())
    assert {row["section"] for row in recorded["rows"]} == {section}
    for row in recorded["rows"]:
        assert math.isfinite(row["median"])
        assert row["median"] > 0
        assert row["low"] <= row["median"] <= row["high"]
    assert section in capsys.readouterr().out


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_is_measured_only_where_there_is_one(capsys, tmp_path):
    assert main(["--tiny", "--only", "gpu", "--output", str(tmp_path / "out.json")]) == 1
    assert "needs a GPU that torch can use" in capsys.readouterr().err


def test_every_case_of_a_gpu_can_be_declared():
    for _, network, task, batch in _in_turn(tiny=False):
        Condition(task=task, network=network, batch_size=batch)


@pytest.mark.parametrize("arm", ARMS)
@pytest.mark.parametrize("batch_size", [None, 32])
def test_the_plain_loop_trains_the_run_that_the_engine_trains(arm, batch_size):
    condition = Condition(task=moons(samples=96), network=mlp(width=8), epochs=5, batch_size=batch_size)
    run = run_block(Block(condition=condition, arms={arm: ARMS[arm]}, seeds=[3])).iloc[0]
    x_NF, y_N = tensors(condition, "train", 3)
    plain = PlainTraining(condition, ARMS[arm], 3, x_NF, y_N)
    plain.train(condition.epochs)
    assert plain.loss(x_NF, y_N).item() == pytest.approx(run["train_loss"], abs=1e-4)
    for layer, weight in enumerate(plain.hidden, start=1):
        assert torch.linalg.matrix_norm(weight, 2).item() == pytest.approx(run[f"sigma_{layer}"], abs=1e-3)


def test_a_target_is_a_floor_or_a_ceiling():
    floor = Row(section="engine", case="one", ratios=(1.0, 2.0, 4.0), target=2.0)
    assert floor.met
    assert not Row(section="engine", case="one", ratios=(1.0, 2.0, 4.0), target=1.5, at_least=False).met
    assert Row(section="engine", case="one", ratios=(1.0,)).met is None


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--bogus"], "unrecognized arguments: --bogus"),
        (["--only", "engne"], "did you mean 'engine'?"),
        (["--output", "/dev/null/x.json"], "--output must be a file that can be written"),
        (["--output", "/"], "--output must be a file that can be written"),
    ],
)
def test_a_command_that_cannot_be_carried_out_is_refused_in_one_line(capsys, arguments, says):
    assert main(arguments) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    assert says in printed.err
