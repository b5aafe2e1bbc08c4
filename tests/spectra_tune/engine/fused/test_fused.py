"""The fused kernel trains what torch trains, at every width, and a machine where it does not is told so."""

from dataclasses import replace

import numpy
import pytest
import torch

from spectra_tune.design import Block, Condition, InvalidStudy, Treatment
from spectra_tune.engine import BlockTraining, run_block
from spectra_tune.engine.environment import environment
from spectra_tune.engine.fused import checking, choice
from spectra_tune.engine.fused.following import WITHIN
from spectra_tune.engine.stacked import program as programs
from spectra_tune.engine.stacked.fused_steps import FusedSteps
from spectra_tune.engine.stacked.torch_steps import TorchSteps
from spectra_tune.networks import mlp
from spectra_tune.tasks import digits, moons, noisy_labels, permuted, spirals, surface
from tests.laws.kinds import InTurn

NONE = {"none": Treatment.none()}
BASE = Condition(task=moons(samples=130), network=mlp(width=8), epochs=8)
COMPARED = ("train_loss", "validation_loss", "test_loss", "test_accuracy", "train_mse", "test_r2", "online_accuracy")


def differences(condition, arms, monkeypatch, *, seeds=2):
    """The largest difference of each number between what the kernel trains and what torch does."""
    block = Block(condition=condition, arms=arms, seeds=range(seeds))
    fused = run_block(block)
    with monkeypatch.context() as patched:
        patched.setattr(programs, "is_fused", lambda *_: False)
        known = run_block(block)
    columns = [name for name in COMPARED if name in known] + [name for name in known if name.startswith("sigma_")]
    columns = [name for name in columns if known[name].dtype.kind == "f" and known[name].notna().any()]
    assert len(columns) > 3
    return (fused[columns] - known[columns]).abs().max()


@pytest.mark.parametrize(
    "changed",
    [
        *({"network": mlp(width=width)} for width in (1, 2, 3, 7, 9, 17, 31, 50, 128)),
        *({"network": mlp(width=11, depth=depth)} for depth in (1, 4)),
        {"network": mlp(width=13, activation="tanh")},
        {"network": mlp(width=12), "task": spirals(classes=3, samples=130)},
        {"network": mlp(width=12, activation="tanh"), "task": surface(samples=130)},
        {"task": noisy_labels(digits(samples=150), share=0.2)},
        {"batch_size": 32},
        {"batch_size": 130},
        {"batch_size": 49, "learning_rate_schedule": "cosine"},
        *({"optimizer": name, "weight_decay": decay} for name in ("adam", "adamw") for decay in (0.0, 0.1)),
        *({"optimizer": name, "weight_decay": 0.05, "learning_rate": 0.003} for name in ("sgd", "rmsprop")),
        {"clip": 0.05},
    ],
    ids=str,
)
def test_the_kernel_trains_what_torch_trains(changed, monkeypatch):
    off = differences(replace(BASE, **changed), NONE, monkeypatch)
    assert off.max() < 2e-4, off


@pytest.mark.parametrize(
    "network", [mlp(width=5, depth=3), mlp(width=20), mlp(width=1), mlp(width=30, activation="tanh")]
)
@pytest.mark.parametrize(
    "treatment",
    [
        Treatment(strength=0.1, sigma_end=1.0),
        Treatment(strength=0.1, sigma_end=1.0, one_sided=True, power=2),
        Treatment(strength=0.1, schedule="linear", sigma_start=2.5, sigma_end=1.0, regularized="all"),
        Treatment(strength=0.1, sigma_end=1.0, regularized=["layer_1"]),
        Treatment(penalty="spectrum", strength=0.1, sigma_end=1.0),
        Treatment(penalty="frobenius", strength=0.1),
        Treatment(penalty="to_init", strength=0.1),
    ],
    ids=lambda treatment: f"{treatment.penalty}-{treatment.power}-{treatment.regularized}",
)
def test_every_penalty_pulls_as_in_torch(network, treatment, monkeypatch):
    task = surface(samples=130) if network.activation == "tanh" else spirals(classes=3, samples=130)
    off = differences(replace(BASE, network=network, task=task), NONE | {"pulled": treatment}, monkeypatch)
    assert off.max() < 2e-4, off


@pytest.mark.parametrize("fresh", [True, False])
def test_a_curriculum_scores_the_same_on_the_way(fresh, monkeypatch):
    task = permuted(digits(samples=120), phases=3, fresh_optimizer=fresh)
    off = differences(replace(BASE, task=task, epochs=2, batch_size=32), NONE, monkeypatch)
    assert off.max() < 2e-4, off


@pytest.mark.parametrize("width", [33, 64, 100, 128])
@pytest.mark.parametrize("strength", [0.01, 1.0])
def test_sigma_that_is_followed_is_within_its_proven_bound(width, strength, monkeypatch):
    arms = NONE | {"pulled": Treatment(strength=strength, sigma_end=1.0)}
    condition = replace(BASE, network=mlp(width=width), epochs=30, learning_rate=0.02)
    training = BlockTraining(Block(condition=condition, arms=arms, seeds=range(2)))
    steps = training._trainers[1]._steps
    for _ in range(condition.epochs):
        before = {name: value.clone() for name, value in training._trainers[1].parameters.items()}
        training.train_only(1)
        weight_MOI = before["layer_2.weight"].double()
        known = torch.linalg.svdvals(weight_MOI)[:, 0].numpy()
        kept_MK = torch.from_numpy(steps._members.kept[:, 1, :width]).double()
        found = (weight_MOI @ kept_MK.unsqueeze(2)).norm(dim=1)[:, 0].numpy()
        assert (found <= known * (1 + 1e-5)).all()
        assert (found >= known * (1 - WITHIN - 1e-5)).all()


@pytest.mark.parametrize("shape", [(3, 2), (40, 40), (128, 128), (1, 5)])
@pytest.mark.parametrize("kind", ["drawn", "zero", "of rank one", "orthogonal", "huge", "tiny", "not a number"])
def test_sigma_of_any_weight_is_found(kind, shape):
    width, n_in = shape
    task = moons(samples=60) if n_in != 5 else surface(samples=60)
    training = BlockTraining(
        Block(condition=replace(BASE, network=mlp(width=width), task=task), arms=NONE, seeds=[0, 1])
    )
    (program,) = training._trainers
    weight_MOI = program.parameters["layer_2.weight"]
    generator = torch.Generator().manual_seed(3)
    drawn = torch.randn(2, width, width, generator=generator)
    made = {
        "drawn": drawn,
        "zero": 0 * drawn,
        "of rank one": drawn[:, :, :1] @ drawn[:, :1],
        "orthogonal": torch.linalg.qr(drawn).Q,
        "huge": drawn * 1e12,
        "tiny": drawn * 1e-12,
        "not a number": drawn.clone().index_fill_(0, torch.tensor([1]), torch.nan),
    }[kind]
    weight_MOI.copy_(made)
    found = program.sigmas()[1]
    finite = 1 if kind == "not a number" else 2
    known = torch.linalg.svdvals(made[:finite].double())[:, 0].numpy()
    numpy.testing.assert_allclose(found[:finite], known, rtol=1e-4, atol=1e-30)
    assert finite == 2 or numpy.isnan(found[1])


def test_a_diverged_member_disturbs_no_other():
    condition = replace(BASE, network=mlp(width=40), optimizer="sgd", learning_rate=0.05, epochs=6)
    arms = NONE | {"pulled": Treatment(strength=0.1, sigma_end=1.0), "wild": Treatment(strength=1e30, sigma_end=1.0)}
    runs = run_block(Block(condition=condition, arms=arms, seeds=[0]))
    alone = run_block(Block(condition=condition, arms={name: arms[name] for name in ("none", "pulled")}, seeds=[0]))
    assert list(runs.status) == ["ok", "ok", "diverged"]
    assert list(runs.test_loss[:2]) == list(alone.test_loss)


def test_where_training_is_broken_off_changes_no_bit(tmp_path, monkeypatch):
    arms = NONE | {"pulled": Treatment(strength=0.1, sigma_end=1.0)}
    block = Block(condition=replace(BASE, network=mlp(width=48)), arms=arms, seeds=range(2))
    whole = run_block(block)
    training = BlockTraining(block)
    training.advance_for(0.0)
    training.save(tmp_path / "state")
    again = BlockTraining(block)
    again.load(tmp_path / "state")
    while not again.finished:
        report = again.advance()
    assert list(report.runs.test_loss) == list(whole.test_loss)


@pytest.mark.parametrize(
    ("changed", "fused"),
    [
        ({}, True),
        ({"network": mlp(width=128, depth=6)}, True),
        ({"network": mlp(width=129)}, False),
        ({"optimizer": "muon"}, False),
        ({"task": permuted(digits(samples=60), phases=2)}, True),
    ],
    ids=str,
)
def test_who_trains_a_network_is_a_matter_of_its_condition(changed, fused):
    condition = replace(BASE, **changed)
    training = BlockTraining(Block(condition=condition, arms=NONE, seeds=[0]))
    assert isinstance(training._trainers[0]._steps, FusedSteps if fused else TorchSteps)


def test_numbers_of_float64_are_torchs():
    training = BlockTraining(Block(condition=BASE, arms=NONE, seeds=[0]), dtype=torch.float64)
    assert isinstance(training._trainers[0]._steps, TorchSteps)


def test_a_network_of_ones_own_is_never_fused():
    training = BlockTraining(Block(condition=replace(BASE, network=InTurn(of=mlp(width=8))), arms=NONE, seeds=[0]))
    assert not hasattr(training._trainers[0], "_steps")


@pytest.mark.parametrize(("switched", "says"), [("1", "perceptrons by torch"), ("0", "perceptrons fused by numba")])
def test_the_environment_says_what_trains(switched, says, monkeypatch):
    monkeypatch.setenv("NUMBA_DISABLE_JIT", switched)
    for cached in (choice.compiler, environment):
        cached.cache_clear()
    try:
        assert says in environment("cpu")
    finally:
        monkeypatch.undo()
        for cached in (choice.compiler, environment):
            cached.cache_clear()


def test_a_processor_on_which_the_kernel_is_wrong_is_told_so(monkeypatch):
    right = checking.checked_kernel().train

    def wrong(layers, numbers, *rest):
        right(layers, numbers, *rest)
        numbers.gradient[7] += 1e-3

    checking.checked_kernel.cache_clear()
    monkeypatch.setattr(checking.loop, "train", wrong)
    with pytest.raises(InvalidStudy, match=r"must be autograd's on this processor, that of .* set NUMBA_DISABLE_JIT=1"):
        checking.checked_kernel()
