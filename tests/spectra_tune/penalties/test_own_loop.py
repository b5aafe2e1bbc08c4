"""SpectralPenalty trains what the engine trains, and takes what torch's users do to their models."""

import copy
import io
import subprocess
import sys
from dataclasses import replace

import pytest
import torch
from torch import nn
from torch.nn import functional

from spectra_tune import objectives
from spectra_tune.design import Block, Condition, InvalidStudy, Treatment
from spectra_tune.engine import BlockTraining
from spectra_tune.engine.members.generators import seed_of, seeded
from spectra_tune.networks import module
from spectra_tune.objectives import objective_of
from spectra_tune.penalties import SpectralPenalty
from spectra_tune.tasks import moons
from tests.laws.kinds import Convolves, Images, Norms, Recurs

LINEAR = Treatment(schedule="linear", sigma_start=2.5, sigma_end=1.0, strength=0.5, depth_exponent=0.1)
X = torch.rand(32, 1, 8, 8, generator=torch.Generator().manual_seed(0))
Y = torch.arange(32) % 3


def net(seed=0):
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, 4, 3, stride=2), nn.ReLU(),
        nn.Flatten(), nn.Linear(36, 10), nn.ReLU(), nn.Linear(10, 3),
    )  # fmt: skip


NAMES = ["0", "3", "6"]


TO_INIT = Treatment(penalty="to_init", strength=0.3)


@pytest.mark.parametrize(
    "treatment",
    [LINEAR, Treatment(penalty="frobenius", strength=0.01), TO_INIT],
    ids=["spectral", "frobenius", "to_init"],
)
@pytest.mark.parametrize(
    ("kind", "task"), [(Norms, moons(samples=40)), (Convolves, Images()), (Recurs, moons(samples=40))]
)
def test_it_trains_what_the_engine_trains(kind, task, treatment):
    epochs = 12
    condition = Condition(
        task=task,
        network=module(kind, hidden=8, **({"dropout": 0.0} if kind is Norms else {})),
        optimizer="sgd",
        learning_rate=0.05,
        epochs=epochs,
    )
    block = Block(condition=condition, arms={"pulled": treatment}, seeds=[0])
    training = BlockTraining(block)
    while not training.finished:
        training.advance()
    (member,) = training._trainers[0]._each

    with seeded(seed_of(training._trainers[0].members[0], "init")):
        plain = condition.network.build(task)
    x, y = member._data.of("train", 0)
    x = member._data.numbers(x)
    optimizer = torch.optim.SGD(plain.parameters(), lr=0.05, momentum=0.9)
    penalty = SpectralPenalty(plain, treatment, steps=epochs, example=x[:1])
    loss = objectives.implement(objective_of(task)).loss
    for step in range(epochs):
        optimizer.zero_grad()
        (loss(plain(x), y) + penalty(step)).backward()
        optimizer.step()
    assert penalty.fallbacks == member.fallbacks()
    assert list(penalty.sigmas().values()) == pytest.approx(member.sigmas(), rel=1e-3)
    for name, value in plain.state_dict().items():
        torch.testing.assert_close(member.module.state_dict()[name], value, rtol=1e-3, atol=1e-4)


def test_the_value_is_the_formula_and_its_gradient_autograds():
    model = net()
    penalty = SpectralPenalty(model, LINEAR, steps=11, example=X[:1])
    found = penalty(5)
    sigmas, targets = penalty.sigmas(), penalty.targets(5)
    assert list(sigmas) == list(targets) == NAMES
    assert targets["0"] == pytest.approx(1.75)
    assert found.shape == ()
    assert found.item() == pytest.approx(0.5 * sum((sigmas[name] - targets[name]) ** 2 for name in NAMES), rel=1e-3)
    (3 * found).backward()
    weight = model[6].weight.detach().double().requires_grad_()
    (3 * 0.5 * (torch.linalg.matrix_norm(weight, 2) - targets["6"]) ** 2).backward()
    torch.testing.assert_close(model[6].weight.grad.double(), weight.grad, rtol=1e-3, atol=1e-5)
    assert model[0].weight.grad.any()
    assert model[8].weight.grad is None
    assert model[6].bias.grad is None


@pytest.mark.parametrize("optimizer", [torch.optim.AdamW, torch.optim.RMSprop, torch.optim.Adagrad])
def test_any_optimizer_brings_sigma_to_its_target(optimizer):
    model = net()
    penalty = SpectralPenalty(model, Treatment(sigma_end=1.5, strength=1.0), steps=50, example=X[:1])
    taking = optimizer(model.parameters(), lr=0.03)
    for step in range(50):
        taking.zero_grad()
        (functional.cross_entropy(model(X), Y) + penalty(step)).backward()
        taking.step()
    assert penalty.sigmas() == pytest.approx(dict.fromkeys(NAMES, 1.5), abs=0.3)


def test_under_autocast_sigma_stays_in_single_precision():
    model = net()
    penalty = SpectralPenalty(model, LINEAR, steps=3, example=X[:1])
    outside = penalty(0)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        inside = SpectralPenalty(model, LINEAR, steps=3, example=X[:1])(0)
        total = functional.cross_entropy(model(X), Y) + inside
    assert inside.dtype == torch.float32
    assert torch.equal(inside, outside)
    total.backward()
    assert model[0].weight.grad.isfinite().all()


def test_weights_of_half_precision_are_followed_in_single():
    model = net().to(torch.bfloat16)
    penalty = SpectralPenalty(model, LINEAR, steps=3, example=X[:1].bfloat16())
    found = penalty(0)
    found.backward()
    alike = SpectralPenalty(copy.deepcopy(model).float(), LINEAR, steps=3, example=X[:1])
    assert found.dtype == torch.float32
    assert found.item() == pytest.approx(alike(0).item(), rel=1e-5)
    assert model[0].weight.grad.dtype == torch.bfloat16
    before = penalty.sigmas()["0"]
    with torch.no_grad():
        model[0].weight.mul_(2)
    assert penalty.sigmas()["0"] == pytest.approx(2 * before, rel=1e-3)


@pytest.mark.filterwarnings("ignore:`torch.jit.script_method` is deprecated")  # torch.compile's own
@pytest.mark.parametrize("wrap", [nn.DataParallel, torch.compile, lambda one: nn.DataParallel(torch.compile(one))])
def test_wrapped_models_are_those_within(wrap):
    model = net()
    expected = SpectralPenalty(model, LINEAR, steps=3, example=X[:1])(0)
    penalty = SpectralPenalty(wrap(model), LINEAR, steps=3, example=X[:1])
    assert torch.equal(penalty(0), expected)
    assert list(penalty.sigmas()) == NAMES


@pytest.mark.parametrize("treatment", [LINEAR, TO_INIT], ids=["spectral", "to_init"])
def test_its_state_continues_with_equal_bits(treatment):
    model = net()
    taking = torch.optim.SGD(model.parameters(), lr=0.05)
    penalty = SpectralPenalty(model, treatment, steps=8, example=X[:1])

    def train(model, penalty, taking, steps):
        for step in steps:
            taking.zero_grad()
            (functional.cross_entropy(model(X), Y) + penalty(step)).backward()
            taking.step()

    train(model, penalty, taking, range(4))
    file = io.BytesIO()
    torch.save({"model": model.state_dict(), "penalty": penalty.state_dict()}, file)
    file.seek(0)
    saved, again = torch.load(file), net(seed=1)
    other = SpectralPenalty(again, treatment, steps=8, example=X[:1])
    other(0)
    again.load_state_dict(saved["model"])
    other.load_state_dict(saved["penalty"])
    train(model, penalty, taking, range(4, 8))
    train(again, other, torch.optim.SGD(again.parameters(), lr=0.05), range(4, 8))
    assert all(torch.equal(one, two) for one, two in zip(model.parameters(), again.parameters(), strict=True))
    with pytest.raises(InvalidStudy, match="must be of the same weights, 0, 3, 6, got 0"):
        other.load_state_dict({"0": {}})


def test_a_model_that_is_moved_is_followed_where_it_lies():
    model = net()
    penalty = SpectralPenalty(model, LINEAR, steps=3, example=X[:1])
    before = penalty(0).item()
    model.double()
    assert penalty(0).item() == pytest.approx(before, rel=1e-3)
    model.float()
    model.load_state_dict({name: value.clone() for name, value in model.state_dict().items()}, assign=False)
    for value in model.parameters():
        value.data = value.data.clone()
    assert penalty(0).item() == pytest.approx(before, rel=1e-3)
    with torch.no_grad():
        model[0].weight.mul_(3)
    assert penalty.sigmas()["0"] == pytest.approx(
        3 * SpectralPenalty(net(), LINEAR, steps=3, example=X[:1]).sigmas()["0"], rel=1e-3
    )


def test_initial_weights_stay_those_it_was_made_with_wherever_the_model_is_moved():
    model = net()
    penalty = SpectralPenalty(model, TO_INIT, steps=3, example=X[:1])
    assert penalty(0).item() == 0
    with torch.no_grad():
        for name in NAMES:
            model.get_submodule(name).weight.add_(0.1)
    away = 0.3 * 0.01 * sum(model.get_submodule(name).weight.numel() for name in NAMES)
    for moved in (model, model.double(), model.float()):
        for value in moved.parameters():
            value.data = value.data.clone()
        assert penalty(1).item() == pytest.approx(away, rel=1e-5)
    penalty(1).backward()
    torch.testing.assert_close(model[6].weight.grad, torch.full_like(model[6].weight, 0.06))


def test_a_state_of_another_penalty_is_refused():
    near, spectral = (SpectralPenalty(net(), one, steps=3, example=X[:1]) for one in (TO_INIT, LINEAR))
    with pytest.raises(InvalidStudy, match="of the same penalty, 'to_init', got one without initial weights"):
        near.load_state_dict(spectral.state_dict())
    with pytest.raises(InvalidStudy, match="of the same penalty, 'spectral_norm', got one with initial weights"):
        spectral.load_state_dict(near.state_dict())


def test_without_strength_it_is_zero_and_pulls_nothing():
    model = net()
    penalty = SpectralPenalty(model, Treatment.none(), steps=3, example=X[:1])
    found = penalty(0)
    found.backward()
    assert found.item() == 0
    assert not any(one.grad is not None and one.grad.any() for one in model.parameters())
    assert penalty.targets(0) == dict.fromkeys(NAMES)
    assert len(penalty.sigmas()) == 3


def test_two_calls_before_one_backward_add_up():
    one, two = net(), net()
    penalty = SpectralPenalty(one, LINEAR, steps=3, example=X[:1])
    (penalty(0) + penalty(2)).backward()
    other = SpectralPenalty(two, LINEAR, steps=3, example=X[:1])
    other(0).backward()
    other(2).backward()
    torch.testing.assert_close(one[0].weight.grad, two[0].weight.grad)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"example": None}, "give an example, a batch of inputs"),
        ({"steps": 0}, "steps must be a whole number >= 1, got 0"),
        ({"regularized": ["8", "9"]}, "no module '9' with a weight"),
        ({"treatment": 0.1}, "a penalty is what a Treatment says, got float"),
        ({"treatment": replace(LINEAR, schedule="plateau")}, "reacts to signals"),
        ({"treatment": replace(LINEAR, beta=0.5)}, "give capacity_ratio"),
        ({"model": nn.Linear(3, 2)}, "needs a weight to pull"),
    ],
    ids=lambda given: next(iter(given)) if isinstance(given, dict) else "",
)  # fmt: skip
def test_what_cannot_be_carried_out_is_refused_in_one_line(given, says):
    full = {"model": net(), "treatment": LINEAR, "steps": 3, "example": X[:1]} | given
    with pytest.raises(InvalidStudy, match=says) as refused:
        SpectralPenalty(full.pop("model"), full.pop("treatment"), **full)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("step", [-1, 3, 0.5])
def test_a_step_outside_the_training_is_refused(step):
    penalty = SpectralPenalty(net(), LINEAR, steps=3, example=X[:1])
    with pytest.raises(InvalidStudy, match=r"step, counted from 0, must be a whole number in 0 … 2"):
        penalty(step)


def test_the_declaration_loads_no_torch_until_it_is_asked_for():
    code = "import sys, spectra_tune.penalties\nassert 'torch' not in sys.modules\n"
    code += "from spectra_tune.penalties import SpectralPenalty\nassert 'torch' in sys.modules\n"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_penalty_remembers_the_initial_weights_wherever_the_model_goes():
    model = net()
    treatment = Treatment(penalty="to_init", strength=2.0)
    penalty = SpectralPenalty(model, treatment, steps=3, example=X[:1])
    assert penalty(0).item() == 0
    with torch.no_grad():
        for one in model.parameters():
            one.add_(0.1)
    regularized = [model[int(name)].weight for name in NAMES]
    expected = 2.0 * sum(0.01 * one.numel() for one in regularized)
    assert penalty(1).item() == pytest.approx(expected, rel=1e-3)
    model.double()
    assert penalty(1).item() == pytest.approx(expected, rel=1e-3)
    model.float()
    other = SpectralPenalty(model, treatment, steps=3, example=X[:1])
    assert other(1).item() == 0
    other.load_state_dict(penalty.state_dict())
    assert other(1).item() == pytest.approx(expected, rel=1e-3)
