"""Blocks on real Ray Tune: the same bits as in this process, whatever dies in between."""

import io
import os
import pickle
import shutil
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

import pandas
import pytest
import torch

from spectra_tune import cluster, launching
from spectra_tune.design import Arm, Block, Condition, InvalidStudy, Treatment
from spectra_tune.engine import BlockTraining, run_block
from spectra_tune.engine import training as engine
from spectra_tune.launching import blocks as launcher
from spectra_tune.launching import parts
from spectra_tune.launching.begun_blocks import keep_state
from spectra_tune.launching.parts import Part
from spectra_tune.launching.rays_state import STATE
from spectra_tune.launching.trainables import BlockTrainable
from spectra_tune.networks import mlp
from spectra_tune.operators.dense import Matrix
from spectra_tune.results import COST, unmeasured
from spectra_tune.tasks import moons
from studies.command import catalogue
from tests.conftest import ARMS

pytestmark = pytest.mark.integration

CALLS = 0


@dataclass(frozen=True, kw_only=True)
class Dying:
    """A network whose process is killed at one of its passes, unless a file says that this has happened."""

    happened: str
    at: int = 150

    def build(self, task):
        return Fragile(self.happened, self.at)

    def regularized(self, module):
        return {"hidden": Matrix(module[0].weight)}


class Fragile(torch.nn.Sequential):
    """See Dying."""

    def __init__(self, happened, at):
        super().__init__(torch.nn.Linear(2, 4), torch.nn.Tanh(), torch.nn.Linear(4, 1))
        self.happened, self.at = happened, at

    def forward(self, x):
        global CALLS
        CALLS += 1
        if self.at < CALLS and not os.path.exists(self.happened):
            open(self.happened, "w").close()
            os.kill(os.getpid(), signal.SIGKILL)
        return super().forward(x)


@dataclass(frozen=True, kw_only=True)
class Failing:
    """A task that notes each draw for seed 1 in a file and then fails."""

    log: str
    classes = 2
    features = 2

    def draw(self, split, seed):
        if seed == 1:
            with open(self.log, "a") as log:
                log.write(f"{split}\n")
            raise ArithmeticError("no such data")
        return moons(samples=20).draw(split, seed)


def _line(raised):
    """Where in this file an ArithmeticError with these words is raised."""
    return 1 + Path(__file__).read_text().splitlines().index(f'            raise ArithmeticError("{raised}")')


def launched(name, blocks, storage, **given):
    seen = []
    trained = launching.run_blocks(
        name, blocks, storage=str(storage), **{"resume": False, "on_progress": seen.append, **given}
    )
    return trained, seen


def test_a_block_on_tune_is_the_block_in_this_process(ray, tmp_path):
    blocks = {
        f"width{width}": Block(
            condition=Condition(task=moons(samples=100), network=mlp(width=width), epochs=40),
            arms=ARMS,
            seeds=range(3),
        )
        for width in (8, 16)
    }
    trained, seen = launched("equal", blocks, tmp_path)
    assert trained.complete
    assert not trained.failures
    assert {progress.block for progress in seen if progress.finished} == set(blocks)
    for width, block in zip((8, 16), blocks.values(), strict=True):
        here = BlockTraining(block)
        while not here.finished:
            here.advance()
        runs = trained.tables.runs[trained.tables.runs["width"] == width].reset_index(drop=True)
        assert unmeasured(runs).equals(unmeasured(here.runs()))
        curves = trained.tables.curves[trained.tables.curves["signature"].isin(runs["signature"])].reset_index(
            drop=True
        )
        assert curves.equals(here.curves())

    again, seen = launched("equal", blocks, tmp_path, resume=True)
    assert not seen, "finished blocks must not be trained again"
    assert again.tables.runs.equals(trained.tables.runs)
    assert again.tables.curves.equals(trained.tables.curves)


def test_one_two_and_four_workers_give_equal_bits(ray, tmp_path):
    def block(width, **given):
        condition = Condition(task=moons(samples=70), network=mlp(width=width), **given)
        return Block(condition=condition, arms=ARMS, seeds=range(2))

    blocks = {
        "narrow": block(8, epochs=20),
        "batches": block(16, epochs=4, batch_size=32),
        "wide": block(160, epochs=4),
        "decayed": block(33, epochs=8, weight_decay=0.1, optimizer="sgd"),
    }
    expected = {name: unmeasured(run_block(one)) for name, one in blocks.items()}
    for workers in (1, 2, 4):
        some = dict(list(blocks.items())[-workers:])
        trained, _ = launched(f"workers{workers}", some, tmp_path)
        joined = pandas.concat([expected[name] for name in some], ignore_index=True)
        assert unmeasured(trained.tables.runs).equals(joined)
        assert trained.tables.runs[list(COST)].gt(0).all(axis=None)


class KeptAtReports(BlockTrainable):
    """Keeps its state at every report."""

    reported_s = 0.0


class KeptAtEpochs(BlockTrainable):
    """Keeps its state after every epoch of a member."""

    kept_s = 0.0


def test_a_killed_worker_goes_on_from_what_it_kept_with_equal_bits(ray, tmp_path, monkeypatch):
    monkeypatch.setattr(launcher, "BlockTrainable", KeptAtReports)
    happened = tmp_path / "happened"
    block = Block(
        condition=Condition(task=moons(samples=60), network=Dying(happened=str(happened)), epochs=80),
        arms={"static": Treatment(strength=0.1, sigma_end=1.0)},
        seeds=range(3),
    )
    trained, seen = launched("dying", {"block": block}, tmp_path / "storage", by_value=[sys.modules[__name__]])
    assert happened.exists()
    epochs = [progress.epoch for progress in seen]
    assert epochs.count(4) == 1, f"it must go on from what it kept, not from the start: {epochs}"
    assert len(epochs) > len(set(epochs)) or epochs == sorted(epochs)
    assert unmeasured(trained.tables.runs).equals(unmeasured(run_block(block)))
    assert not list((tmp_path / "storage" / "dying" / "begun").iterdir())


def test_a_worker_killed_between_two_reports_loses_no_more_than_what_came_after_what_it_kept(
    ray, tmp_path, monkeypatch
):
    monkeypatch.setattr(launcher, "BlockTrainable", KeptAtEpochs)
    monkeypatch.setattr(sys.modules[__name__], "CALLS", 0)  # which travels as it is here
    happened = tmp_path / "happened"
    block = Block(
        condition=Condition(task=moons(samples=60), network=Dying(happened=str(happened), at=30), epochs=10),
        arms={"static": Treatment(strength=0.1, sigma_end=1.0)},
        seeds=range(3),
        reports=1,
    )
    trained, seen = launched("between", {"block": block}, tmp_path / "storage", by_value=[sys.modules[__name__]])
    assert happened.exists()
    epochs = [progress.epoch for progress in seen]
    assert 30 <= len(epochs) <= 32, f"each epoch of each of three members is trained once, one or two twice: {epochs}"
    assert unmeasured(trained.tables.runs).equals(unmeasured(run_block(block)))
    assert trained.tables.runs["interruptions"].str.startswith("resumed at epoch").all()


def test_a_deterministic_error_is_a_failure_tried_once(ray, tmp_path):
    log = tmp_path / "log"
    block = Block(
        condition=Condition(task=Failing(log=str(log)), network=mlp(width=8), epochs=4),
        arms={"none": Treatment.none()},
        seeds=[1],
    )
    trained, _ = launched("failing", {"block": block}, tmp_path / "storage", by_value=[sys.modules[__name__]])
    line = _line("no such data")
    assert trained.failures == {"block": f"none: ArithmeticError: no such data ({__file__}, line {line})"}
    assert not trained.lost
    assert log.read_text().count("train") == 2, "once to train, once for the score of the best constant"
    assert trained.tables.runs["status"].tolist() == ["failed"]


@dataclass(frozen=True, kw_only=True)
class Bounded:
    """A network that refuses init gains above 1."""

    init_gain: float = 1.0

    def build(self, task):
        if self.init_gain > 1:
            raise ArithmeticError("too much")
        return torch.nn.Sequential(torch.nn.Linear(2, 4), torch.nn.Tanh(), torch.nn.Linear(4, 1))

    def regularized(self, module):
        return {"hidden": Matrix(module[0].weight)}


def test_an_arm_that_raises_does_not_take_the_others_with_it(ray, tmp_path):
    condition = Condition(task=moons(samples=40), network=Bounded(), epochs=4)
    arms = {**ARMS, "wide": Arm(treatment=Treatment.none(), changes={"init_gain": 2.0})}
    block = Block(condition=condition, arms=arms, seeds=range(2))
    trained, _ = launched("one", {"block": block}, tmp_path, by_value=[sys.modules[__name__]])
    assert trained.failures == {"block": f"wide: ArithmeticError: too much ({__file__}, line {_line('too much')})"}
    runs = trained.tables.runs
    status = runs.groupby("arm")["status"].unique().map(list).to_dict()
    assert status == {arm: ["failed" if arm == "wide" else "ok"] for arm in arms}
    alone = run_block(Block(condition=condition, arms=ARMS, seeds=range(2)))
    others = unmeasured(runs[runs["arm"] != "wide"])[list(unmeasured(alone).columns)]
    pandas.testing.assert_frame_equal(others, unmeasured(alone), check_exact=True, check_dtype=False)
    assert runs[runs["arm"] == "wide"]["test_accuracy_of_constant"].eq(0.5).all()


def test_half_a_state_and_one_of_another_environment_are_trained_anew(tmp_path, monkeypatch):
    block = Block(
        condition=Condition(task=moons(samples=60), network=mlp(width=8), epochs=40), arms=ARMS, seeds=range(2)
    )
    expected = unmeasured(run_block(block))
    training = BlockTraining(block)
    training.advance()
    state = io.BytesIO()
    training.save(state)

    monkeypatch.setattr(BlockTrainable, "_device", "cpu")
    for name, spoil in (("whole", lambda content: content), ("half", lambda content: content[: len(content) // 2])):
        trainable = BlockTrainable.__new__(BlockTrainable)
        trainable.setup({"block": "block"}, {"block": Part(of="block", whole=block, seeds=block.seeds)}, str(tmp_path))
        keep_state(str(tmp_path), "block", spoil(state.getvalue()))
        trainable._go_on()
        assert (trainable._training is None) == (name == "half")
        done = False
        while not done:
            result, tables = trainable._advanced()
            done = result["done"]
        assert unmeasured(tables["runs"]).equals(expected)

    monkeypatch.setattr(engine, "environment", lambda device: "another")
    other = BlockTraining(block)
    other.load(io.BytesIO(state.getvalue()))
    assert other.epoch == 0


BESIDE = {
    "lines_task.py": """
from dataclasses import dataclass
import lines_numbers
@dataclass(frozen=True)
class Lines:
    samples: int = 64
    classes = 2
    features = 1
    def draw(self, split, seed):
        return lines_numbers.drawn(self.samples, seed, len(split))
""",
    "lines_numbers.py": """
import numpy
def drawn(samples, seed, split):
    x = numpy.random.default_rng([seed, split]).normal(size=(samples, 1))
    return x, (x[:, 0] > 0).astype(int)
""",
    "lines_nets/linear.py": """
import torch
class Linear(torch.nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.only = torch.nn.Linear(inputs, outputs, bias=False)
def applied(linear, x):
    return linear.only(x)
""",
}
OWN = """
from spectra_tune.design import *
from spectra_tune.networks import module
from lines_task import Lines
import lines_nets.linear

class Linear(lines_nets.linear.Linear):
    def forward(self, x):
        return lines_nets.linear.applied(self, x)

STUDY = Study(
    question="Does it travel?",
    conditions=grid(task=[Lines()], network=[module(Linear, regularized=("only",))], epochs=[5]),
    arms={"none": Treatment.none(), "static": Treatment(strength=0.1, sigma_end=1.0)},
    contrasts=[("static", "none")], seeds=Seeds(confirm=range(3)))
"""


def test_a_users_own_study_runs_on_a_worker_that_has_neither_its_file_nor_those_beside_it(ray, tmp_path):
    file = tmp_path / "there" / "lines.py"
    for name, text in {**BESIDE, "lines.py": OWN}.items():
        (file.parent / name).parent.mkdir(parents=True, exist_ok=True)
        (file.parent / name).write_text(text)
    named = catalogue.load(str(file))
    (block,) = named.study.blocks()
    here = run_block(block)
    shutil.rmtree(file.parent)
    trained, _ = launched("lines", {"lines": block}, tmp_path / "storage", by_value=[named.module])
    assert not trained.failures
    assert unmeasured(trained.tables.runs).equals(unmeasured(here))


@pytest.mark.parametrize(("address", "says"), [("127.0.0.1:9", "must answer at 127.0.0.1:9"), ("here", "HOST:PORT")])
def test_an_address_where_nothing_answers_is_refused(address, says):
    with pytest.raises(InvalidStudy, match=says):
        cluster.check_address(address)


def test_a_block_that_would_leave_workers_idle_goes_out_in_parts_and_comes_back_whole(ray, tmp_path, monkeypatch):
    condition = Condition(task=moons(samples=40), network=mlp(width=4), epochs=4)
    block = Block(condition=condition, arms=ARMS, seeds=range(6))
    monkeypatch.setattr(parts, "_seconds", lambda block, timed: 100.0)
    trained, seen = launched("parts", {"block": block}, tmp_path)
    names = {file.stem for file in (tmp_path / "parts" / "ended").iterdir()}
    assert names == {f"block-seeds{seed}-{seed}" for seed in range(6)}
    assert [progress.finished for progress in seen].index(True) == len(seen) - 1, "with its last part"
    assert {progress.block for progress in seen} == {"block"}
    assert [progress.epoch for progress in seen] == sorted(progress.epoch for progress in seen)
    expected = unmeasured(run_block(block))
    assert unmeasured(seen[-1].runs).equals(unmeasured(trained.tables.runs))
    assert unmeasured(trained.tables.runs).equals(expected)
    assert trained.tables.runs[list(COST)].gt(0).all(axis=None)

    for gone in (1, 2, 5):
        (tmp_path / "parts" / "ended" / f"block-seeds{gone}-{gone}.zip").unlink()
    with_half = launching.trained_before("parts", {"block": block}, storage=str(tmp_path))
    assert not with_half.complete
    monkeypatch.setattr(parts, "_seconds", lambda block, timed: 1.0)
    again, _ = launched("parts", {"block": block}, tmp_path, resume=True)
    assert {file.stem for file in (tmp_path / "parts" / "ended").iterdir()} - names == {"block-seeds1-2"}
    assert unmeasured(again.tables.runs).equals(expected)
    assert again.tables.runs["seed"].tolist() == [*range(6)] * len(ARMS)


def test_a_storage_of_whole_blocks_is_not_trained_again_in_parts(ray, tmp_path, monkeypatch):
    block = Block(condition=Condition(task=moons(samples=40), network=mlp(width=4), epochs=2), arms=ARMS, seeds=[0, 1])
    trained, _ = launched("older", {"block": block}, tmp_path)
    assert [file.stem for file in (tmp_path / "older" / "ended").iterdir()] == ["block"]
    monkeypatch.setattr(parts, "_seconds", lambda block, timed: 100.0)
    again, seen = launched("older", {"block": block}, tmp_path, resume=True)
    assert not seen
    assert again.tables.runs.equals(trained.tables.runs)


class Trap:
    """What it does when it is unpickled: it makes a file."""

    def __init__(self, file):
        self.file = file

    def __reduce__(self):
        return os.mkdir, (str(self.file),)


def test_a_study_goes_on_without_reading_what_ray_wrote_or_running_what_somebody_put_there(ray, tmp_path):
    condition = Condition(task=moons(samples=40), network=mlp(width=4), epochs=2)
    blocks = {f"seed{seed}": Block(condition=condition, arms=ARMS, seeds=[seed]) for seed in range(3)}
    trained, _ = launched("trapped", blocks, tmp_path)
    folder, sprung = tmp_path / "trapped", tmp_path / "sprung"
    of_ray = [file for file in folder.iterdir() if file.is_file()]
    assert len(of_ray) > 2
    assert all(STATE.match(file.name) for file in of_ray), "as Ray 2.60 names them"
    for file in of_ray:
        file.write_bytes(pickle.dumps(Trap(sprung)))
    (folder / "ended" / "seed1.zip").unlink()
    keep_state(str(folder), "seed1", pickle.dumps(Trap(sprung)))
    again, seen = launched("trapped", blocks, tmp_path, resume=True)
    assert not sprung.exists()
    assert {progress.block for progress in seen} == {"seed1"}, "the others are not trained again"
    assert again.complete
    assert unmeasured(again.tables.runs).equals(unmeasured(trained.tables.runs))
    assert again.tables.curves.equals(trained.tables.curves)


def test_what_is_not_a_studys_stays_in_its_folder(ray, tmp_path):
    block = Block(condition=Condition(task=moons(samples=40), network=mlp(width=4), epochs=2), arms=ARMS, seeds=[0])
    (tmp_path / "mine" / "photos").mkdir(parents=True)
    (tmp_path / "mine" / "letter.txt").write_text("dear")
    launched("mine", {"block": block}, tmp_path)
    launched("mine", {"block": block}, tmp_path)
    assert (tmp_path / "mine" / "photos").exists()
    assert (tmp_path / "mine" / "letter.txt").read_text() == "dear"


def test_rays_state_does_not_grow_with_what_blocks_give(ray, tmp_path):
    sizes = []
    for seeds in (2, 40):
        block = Block(
            condition=Condition(task=moons(samples=40), network=mlp(width=4), epochs=40), arms=ARMS, seeds=range(seeds)
        )
        launched(f"seeds{seeds}", {"block": block}, tmp_path)
        (state,) = (tmp_path / f"seeds{seeds}").glob("experiment_state-*.json")
        sizes.append(state.stat().st_size)
    assert sizes[1] < 2 * sizes[0], sizes
