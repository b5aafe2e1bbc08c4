"""Every network is built from its seed alone, its operators are its own weights, and its stacked form is its module."""

import pickle
import random
from dataclasses import dataclass, replace
from typing import Any

import numpy
import pytest
import torch
from torch import nn

from spectra_tune import objectives
from spectra_tune.design import Arm, Block, Condition, InvalidStudy, Treatment
from spectra_tune.design.condition import flat, hyperparameters, with_hyperparameters
from spectra_tune.engine import BlockTraining, capacity_ratio, failed_runs, parameter_count, run_block
from spectra_tune.engine.groups import stacks
from spectra_tune.engine.members.generators import seed_of, seeded
from spectra_tune.networks import mlp, module
from spectra_tune.objectives import objective_of
from spectra_tune.operators.dense import Matrix
from spectra_tune.operators.of_layer import sized
from spectra_tune.results import sigma_columns, unmeasured
from spectra_tune.tasks import moons, spirals
from tests.conftest import ARMS
from tests.laws.kinds import (
    NETWORKS,
    Draws,
    InTurn,
    Norms,
    Surface,
    Tied,
    Tokens,
    on,
    pairs,
    task_of,
    trains,
    x_of,
)

NONE = {"none": Treatment.none()}
EVERY = pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)


def stacked_pairs():
    """Networks and tasks that train as one program of all members."""
    return [one for one in pairs(NETWORKS) if stacks(Condition(network=one.values[0], task=one.values[1]))]


def built(network, task, seed=0) -> nn.Module:
    with seeded(seed):
        return network.build(task)


def block(network=None, task=None, arms=NONE, seeds=(0,), **given):
    network = network or mlp(width=4)
    condition = Condition(task=task or task_of(network), network=network, **{"epochs": 3} | given)
    return Block(condition=condition, arms=arms, seeds=seeds)


@pytest.mark.parametrize(("network", "task"), pairs(NETWORKS))
def test_a_network_is_built_from_its_seed_alone_and_gives_its_tasks_outputs(network, task):
    one, again, other = built(network, task), built(network, task), built(network, task, seed=1)
    assert all(torch.equal(a, b) for a, b in zip(one.state_dict().values(), again.state_dict().values(), strict=True))
    assert any(not torch.equal(a, b) for a, b in zip(one.parameters(), other.parameters(), strict=True))
    x, objective = x_of(task, 30), objective_of(task)
    outputs = one.eval()(x)
    assert outputs.shape == (30, *(x.shape[1:] if objective.by_position else ()), objective.outputs(task))
    assert parameter_count(network, task) == sum(value.numel() for value in one.parameters())


@EVERY
def test_regularized_weights_are_trained_parameters_each_once_from_the_input_on(network):
    """Several may be parts of one parameter; no number is pulled by two."""
    task = task_of(network)
    one = built(network, task)
    with torch.no_grad():
        operators = sized(network.regularized(one), one, x_of(task, 1))
    order = {id(value): place for place, value in enumerate(one.parameters()) if value.requires_grad}
    places = [order[id(operator.weights[0])] for operator in operators.values()]
    assert places == sorted(places)
    assert places
    pulled: dict[int, torch.Tensor] = {}
    for operator in operators.values():
        gradients = [torch.zeros_like(weight).unsqueeze(0) for weight in operator.weights]
        followed = operator.follow([weight.detach().unsqueeze(0) for weight in operator.weights], gradients)
        followed()
        followed.pull(torch.ones(1))
        assert followed.sigma_M > 0
        for weight, gradient in zip(operator.weights, gradients, strict=True):
            assert gradient.any()
            before = pulled.setdefault(id(weight), torch.zeros_like(gradient, dtype=torch.bool))
            assert not (before & (gradient != 0)).any()
            before |= gradient != 0
    runs = run_block(block(network, arms=ARMS))
    assert len(sigma_columns(runs.columns)) == len(operators)


@EVERY
def test_a_network_is_frozen_hashable_and_travels(network):
    again = pickle.loads(pickle.dumps(network))
    assert again == network
    assert hash(again) == hash(network)
    task = task_of(network)
    assert Condition(task=task, network=network) == Condition(task=task, network=again)
    own = hyperparameters(network)
    assert with_hyperparameters(network, **own) == network
    assert set(own) <= set(flat(Condition(task=task, network=network)))


@EVERY
def test_every_kind_trains_with_equal_bits_in_any_company(network):
    together = run_block(block(network, arms=ARMS, seeds=range(5), epochs=4))
    assert together["equal_bits"].all()
    assert (together["status"] == "ok").all()
    for seed in (1, 4):
        alone = unmeasured(run_block(block(network, arms=ARMS, seeds=[seed], epochs=4))).reset_index(drop=True)
        assert alone.equals(unmeasured(together[together["seed"] == seed]).reset_index(drop=True))


@EVERY
def test_every_kind_is_saved_and_continued(network, tmp_path):
    given = block(network, arms=ARMS, seeds=range(2), epochs=6, batch_size=16)
    whole, first, second = (BlockTraining(given, report_every=2) for _ in range(3))
    for training in (whole, whole, whole, first):
        training.advance()
    first.advance_for(0.0)  # an epoch of one member, or of a program: between two reports
    first.save(tmp_path / "half.pt")
    second.load(tmp_path / "half.pt")
    while not second.finished:
        second.advance()
    assert unmeasured(second.runs()).equals(unmeasured(whole.runs()))
    assert second.figures().equals(whole.figures())
    kinds = set(second.figures()["figure"])
    assert kinds >= {"boundary", "data"} if trains(network, moons(samples=60)) else not kinds & {"boundary", "data"}
    assert ("spectrum" in kinds) == bool(whole._trainers[0].layers)


@EVERY
def test_every_kind_trains_in_bfloat16_with_weights_and_sigmas_of_float32(network, tmp_path):
    given = block(network, arms={"static": ARMS["static"]}, seeds=range(2), epochs=3, batch_size=16)
    mixed = replace(given, condition=replace(given.condition, precision="bfloat16"))
    whole, first, second = (BlockTraining(mixed, report_every=2) for _ in range(3))
    for training in (whole, whole, first):
        training.advance()
    first.save(tmp_path / "half.pt")
    second.load(tmp_path / "half.pt")
    second.advance()
    runs = whole.runs()
    assert unmeasured(second.runs()).equals(unmeasured(runs))
    assert set(runs["precision"]) == {"bfloat16"}
    assert set(runs["status"]) == {"ok"}
    plain_runs = run_block(given)
    loss = objective_of(given.condition.task).loss.name
    assert not runs[f"train_{loss}"].equals(plain_runs[f"train_{loss}"])
    assert runs[f"train_{loss}"].to_numpy() == pytest.approx(plain_runs[f"train_{loss}"].to_numpy(), rel=0.2, abs=0.05)
    trainer = whole._trainers[0]
    assert not hasattr(trainer, "evaluation"), "no program has a stacked form of it"
    for one in trainer._each:
        assert all(value.dtype != torch.bfloat16 for value in one.module.state_dict().values())
        for operator, sigma in zip(network.regularized(one.module).values(), one.sigmas(), strict=True):
            if isinstance(operator, Matrix):
                (weight,) = operator.part.of(operator.weights[0].detach().double().unsqueeze(0))
                assert sigma == pytest.approx(float(torch.linalg.svdvals(weight)[0]), rel=1e-3)


@EVERY
def test_a_failed_run_has_the_columns_of_an_ended_one(network):
    given = block(network, arms=ARMS)
    ended, failed = run_block(given), failed_runs(given)
    assert list(failed.columns) == list(ended.columns)
    assert failed["parameters"].equals(ended["parameters"])
    knows = hasattr(network, "width") and getattr(task_of(network), "reference_width", None) is not None
    assert (ended["capacity_ratio"].notna() == knows).all()


@pytest.mark.parametrize(("network", "task"), stacked_pairs())
def test_a_stacked_form_is_the_module_forward_and_backward(network, task):
    """Against autograd, in double precision, for targets of the task's own objective."""
    members, count = 4, 20
    form, objective = network.stacked(task), objectives.implement(objective_of(task))
    modules = [built(network, task, seed).double() for seed in range(members)]
    x, y = task.draw("train", 0)
    x = torch.tensor(x[:count], dtype=torch.float64)
    target = objective.checked(y, task, "here")[:count]
    names = [name for name, _ in modules[0].named_parameters()]
    stacks = {name: torch.stack([dict(one.named_parameters())[name].detach() for one in modules]) for name in names}
    for weight, bias in form.side_by_side:
        both = torch.cat((stacks[weight], stacks[bias].unsqueeze(2)), dim=2)
        stacks |= {f"{weight}+{bias}": both, weight: both[:, :, :-1], bias: both[:, :, -1]}
    gradients = {name: torch.full_like(value, torch.nan) for name, value in stacks.items()}
    for weight, bias in form.side_by_side:
        both = gradients[f"{weight}+{bias}"]
        gradients |= {weight: both[:, :, :-1], bias: both[:, :, -1]}

    def nan(*shape):
        return torch.full(shape, torch.nan, dtype=torch.float64)

    ones = torch.cat((x.reshape(count, -1).T, torch.ones(1, count, dtype=torch.float64)))
    passes = form.passes(stacks, ones.expand(members, *ones.shape), nan, gradients)
    for _ in range(2):  # nothing is kept from one pair of calls to the next
        passes.forward()
        found = passes.logits_MON.clone()
        weight = torch.full((count,), 1 / count, dtype=torch.float64)
        scored = objective.Stacked([target], weight, members=members, outputs=found.shape[1])
        scored.to_error_(passes.logits_MON, scored.target, weight)
        passes.backward()
    for member, one in enumerate(modules):
        outputs = one(x)
        torch.testing.assert_close(found[member].T, outputs.detach(), rtol=1e-12, atol=1e-13)
        objective.loss(outputs, torch.tensor(target)).backward()
        for name, value in one.named_parameters():
            torch.testing.assert_close(gradients[name][member], value.grad, rtol=1e-9, atol=1e-12)
    assert form.cells >= max(hidden.shape[1] for hidden in passes.hidden)


@dataclass(frozen=True)
class Faulty:
    """A network with a fault."""

    fault: str

    def build(self, task):
        return FaultyModule(self.fault)

    def regularized(self, built):
        if self.fault == "not its own":
            return {"inner": Matrix(torch.ones(3, 2))}
        if self.fault == "flat":
            return {"inner": Matrix(built.inner.bias)}
        return {} if self.fault == "none" else {"inner": Matrix(built.inner.weight)}


class FaultyModule(nn.Module):
    def __init__(self, fault):
        super().__init__()
        self.fault, self.inner, self.outer = fault, nn.Linear(2, 3), nn.Linear(3, 2 if fault == "outputs" else 1)
        if fault == "not finite":
            self.outer.bias.data.fill_(torch.inf)
        if fault == "frozen":
            self.inner.weight.requires_grad_(False)
        if fault == "all frozen":
            self.requires_grad_(False)

    def forward(self, x):
        if self.fault == "raises":
            raise ArithmeticError("no outputs")
        outputs = self.outer(torch.relu(self.inner(x)))
        return {"flat outputs": outputs[:, 0], "pair": (outputs, None)}.get(self.fault, outputs)


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ("outputs", r"must give outputs \(samples, 1\), got \(8, 2\)"),
        ("flat outputs", r"must give outputs \(samples, 1\), got \(8,\)"),
        ("pair", "must give outputs, a tensor .* got tuple"),
        ("raises", "got ArithmeticError: no outputs"),
        ("not finite", "initial weights must be finite, outer.bias is not"),
        ("all frozen", "must have parameters that are trained"),
        ("frozen", "regularizes 'inner', which must be trained parameters"),
        ("not its own", "regularizes 'inner', which must be trained parameters"),
        ("flat", r"a matrix must be \(out, in\)"),
    ],
)
def test_a_network_that_cannot_be_trained_is_refused_in_one_line(fault, says):
    with pytest.raises(InvalidStudy, match=says) as refused:
        run_block(block(Faulty(fault), task=moons(samples=40)))
    assert "\n" not in str(refused.value)


def test_a_penalty_needs_a_weight_to_pull():
    assert (run_block(block(Faulty("none"), task=moons(samples=40)))["status"] == "ok").all()
    with pytest.raises(InvalidStudy, match="a penalty needs a weight to pull"):
        run_block(block(Faulty("none"), task=moons(samples=40), arms=ARMS))


class Inner(nn.Module):
    def __init__(self, inputs, outputs, hidden=4, activation=nn.ReLU, sizes=(1, 2)):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(inputs, hidden), activation(), nn.Linear(hidden, outputs))

    def forward(self, x):
        return self.net(x)


class Anything(nn.Module):
    """Takes whatever it is given."""

    def __init__(self, **given):
        super().__init__()


@pytest.mark.parametrize("name", ["optimizer", "network", "kind", "stream"])
def test_a_hyperparameter_named_like_a_field_of_the_condition_is_refused(name):
    with pytest.raises(InvalidStudy, match=f"no hyperparameter may be called {name}, which"):
        Condition(task=moons(), network=module(Anything, **{name: 3}))


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"regularized": ("net.3",)}, "no module 'net.3' with a weight; did you mean 'net.[02]'"),
        ({"hiden": 3}, "takes no .hiden.; did you mean .hidden.?"),
        ({"inputs": 3}, "inputs of Inner come from the task"),
    ],
)
def test_an_impossible_module_is_refused(given, says):
    with pytest.raises(InvalidStudy, match=says):
        run_block(block(module(Inner, **given)))


def test_a_shared_weight_is_regularized_once():
    names = tuple(built(NETWORKS["Tied"], moons()).state_dict())
    assert "other.weight" in names
    assert list(NETWORKS["Tied"].regularized(built(NETWORKS["Tied"], moons()))) == ["below", "one"]
    with pytest.raises(InvalidStudy, match="'one' and 'other' of Tied share theirs"):
        run_block(block(module(Tied, hidden=8, regularized=("one", "other"))))


def test_what_a_module_draws_from_the_global_generators_is_put_back():
    before = torch.get_rng_state(), numpy.random.get_state(), random.getstate()
    training = BlockTraining(replace(block(module(Draws, hidden=8), arms=ARMS), probes=("sensitivity",)))
    while not training.finished:
        training.advance()
    training.figures()
    parameter_count(module(Draws, hidden=9), moons())
    after = torch.get_rng_state(), numpy.random.get_state(), random.getstate()
    assert torch.equal(after[0], before[0])
    assert all(numpy.array_equal(one, other) for one, other in zip(after[1], before[1], strict=True))
    assert after[2] == before[2]


def test_how_often_is_reported_changes_no_bit_of_a_module_that_draws():
    given = block(module(Draws, hidden=8), epochs=6, batch_size=16)
    often, seldom = (BlockTraining(given, report_every=every) for every in (1, 6))
    for training in (often, seldom):
        while not training.finished:
            training.advance()
    assert unmeasured(often.runs()).equals(unmeasured(seldom.runs()))


class Mirrored(nn.Module):
    """Its last layer's weight is its first one's."""

    def __init__(self, inputs, outputs, hidden):
        super().__init__()
        self.first, self.between, self.last = (nn.Linear(hidden, hidden) for _ in range(3))
        self.last.weight = self.first.weight

    def forward(self, x):
        return self.last(torch.relu(self.between(torch.relu(self.first(x)))))[:, :1]


def test_a_weight_shared_with_the_last_layer_is_the_last_layers():
    one = built(module(Mirrored, hidden=2), moons())
    assert list(module(Mirrored, hidden=2).regularized(one)) == ["between"]
    assert list(module(Mirrored, hidden=2, regularized=["last"]).regularized(one)) == ["last"]


def test_a_shared_weight_trains_as_under_torchs_own_optimizer_and_stays_shared(tmp_path):
    given = block(module(Tied, hidden=8), optimizer="sgd", learning_rate=0.1, epochs=4)
    training, again = (BlockTraining(given, report_every=2) for _ in range(2))
    training.advance()
    training.save(tmp_path / "half.pt")
    again.load(tmp_path / "half.pt")
    again.advance()
    (member,) = again._trainers[0]._each
    assert member.module.other.weight is member.module.one.weight

    plain = built(module(Tied, hidden=8), moons(), seed_of(again.members[0], "init"))
    optimizer = torch.optim.SGD(plain.parameters(), lr=0.1, momentum=0.9)
    x, y = (torch.tensor(array) for array in given.condition.task.draw("train", 0))
    for _ in range(4):
        optimizer.zero_grad()
        objectives.implement(objective_of(given.condition.task)).loss(plain(x.float()), y).backward()
        optimizer.step()
    for name, value in plain.state_dict().items():
        torch.testing.assert_close(member.module.state_dict()[name], value)


def test_named_weights_are_regularized_in_their_order():
    network = module(Inner, regularized=("net.2", "net.0"), hidden=5)
    runs = run_block(block(network, arms={"pulled": Treatment(strength=5.0, sigma_end=0.2)}, epochs=200))
    assert len(sigma_columns(runs.columns)) == 2
    assert runs[["sigma_net.2", "sigma_net.0"]].to_numpy() == pytest.approx(0.2, abs=0.15)


def test_hyperparameters_are_changed_by_arms_and_stand_in_the_table(tmp_path):
    arms = {
        "none": Treatment.none(),
        "tanh": Arm(treatment=Treatment.none(), changes={"activation": nn.Tanh, "hidden": 6}),
    }
    runs = run_block(block(module(Inner, hidden=4, activation=nn.ReLU, sizes=(1, 2)), arms=arms)).set_index("arm")
    assert runs["network_hidden"].to_dict() == {"none": 4, "tanh": 6}
    assert runs["activation"].to_dict() == {"none": "ReLU", "tanh": "Tanh"}
    assert set(runs["network_sizes"]) == {"(1, 2)"}
    assert set(runs["kind"]) == {"Inner"}
    assert runs["parameters"].to_dict() == {"none": 17, "tanh": 25}
    runs.to_parquet(tmp_path / "runs.parquet")


class Wide(nn.Module):
    def __init__(self, inputs, outputs, width):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(inputs, width), nn.ReLU(), nn.Linear(width, outputs))

    def forward(self, x):
        return self.net(x)


def test_a_module_with_a_width_has_a_capacity_ratio_and_one_without_no_exponent():
    condition = Condition(task=moons(samples=40), network=module(Wide, width=8))
    assert capacity_ratio(condition) == pytest.approx((8 * 4 + 1) / (16 * 4 + 1))
    beta = Treatment(strength=0.1, schedule="linear", sigma_start=2.0, sigma_end=1.0, beta=0.5)
    training = BlockTraining(block(module(Wide, width=8), arms={"beta": beta}), report_every=1)
    curves = training.advance().curves
    first = curves[(curves["metric"] == "sigma_target_net.0") & (curves["epoch"] == 0)]["value"]
    assert first.tolist() == pytest.approx([2.0 * ((8 * 4 + 1) / (16 * 4 + 1)) ** 0.5])
    with pytest.raises(InvalidStudy, match="needs a network with a width"):
        block(module(Norms, hidden=8), arms={"beta": beta})


def test_tokens_are_embedded_and_a_perceptron_does_not_take_them():
    runs = run_block(block(on(Tokens(), None), task=Tokens(), arms=ARMS))
    assert (runs["status"] == "ok").all()
    with pytest.raises(InvalidStudy, match="forward must take x"):
        run_block(block(mlp(width=4), task=Tokens()))


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """Whatever it is told to draw."""

    x: Any = None
    y: Any = None
    features: Any = 2
    classes: Any = 2
    reference_width: Any = None

    def draw(self, split, seed):
        good = moons(samples=40).draw(split, seed)
        return (good[0] if self.x is None else self.x(good[0])), (good[1] if self.y is None else self.y(good[1]))


@dataclass(frozen=True, kw_only=True)
class Worded(Tokens):
    """Tokens, one of which no vocabulary has."""

    vocabulary = 10


@pytest.mark.parametrize("network", [mlp(width=4), InTurn(of=mlp(width=4))], ids=["stacked", "in turn"])
@pytest.mark.parametrize(
    ("task", "says"),
    [
        (Drawn(features=3), r"samples of shape \(3,\), got \(40, 2\)"),
        (Drawn(features=1), r"samples of shape \(1,\)"),
        (Drawn(x=lambda x: x * 1e39), "finite data that single precision holds"),
        (Drawn(x=lambda x: x * numpy.nan), "finite data"),
        (Drawn(x=lambda x: x.astype(str)), "must draw numbers"),
        (Drawn(x=lambda x: x[:0], y=lambda y: y[:0]), "must draw samples"),
        (Drawn(x=lambda x: x[:, 0]), r"must draw x \(samples, …\)"),
        (Drawn(y=lambda y: y[:-1]), r"must draw x \(samples, …\)"),
        (Drawn(y=lambda y: y * numpy.nan), "finite labels"),
        (Drawn(y=lambda y: y.astype(str)), "must draw class labels"),
        (Worded(), "must draw tokens 0 … 9, got 0 … 10"),
    ],
)
def test_data_that_cannot_be_trained_on_are_refused(task, says, network):
    with pytest.raises(InvalidStudy, match=says):
        run_block(block(on(task, network), task=task))


@pytest.mark.parametrize(
    ("given", "says"),
    [({"classes": 2.5}, "whole number >= 2"), ({"classes": 1}, "classes of"), ({"features": 0}, "features")],
)
def test_a_task_says_its_sizes(given, says):
    with pytest.raises(InvalidStudy, match=says):
        block(task=Drawn(**given))


def test_a_perceptron_must_know_its_inputs():
    @dataclass(frozen=True)
    class Shapeless:
        classes = 2

        def draw(self, split, seed):
            return moons(samples=40).draw(split, seed)

    with pytest.raises(InvalidStudy, match="a perceptron must know its inputs"):
        run_block(block(task=Shapeless()))


@pytest.mark.parametrize("threads", [3, 6])
@pytest.mark.parametrize("network", [mlp(width=8), module(Norms, hidden=8)], ids=["stacked", "in turn"])
def test_bits_do_not_depend_on_how_many_threads_the_caller_has(threads, network):
    given = block(network, task=spirals(samples=600, classes=3), seeds=range(2))
    one = run_block(given)
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        many = run_block(given)
        assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)
    assert unmeasured(many).equals(unmeasured(one))


@pytest.mark.parametrize(("optimizer", "learning_rate"), [("sgd", 10.0), ("adam", 1e9), ("adam", 1e18)])
@pytest.mark.parametrize("network", [mlp(width=130), InTurn(of=mlp(width=130))], ids=["stacked", "in turn"])
def test_a_wide_member_that_blows_up_leaves_its_neighbours_bits(network, optimizer, learning_rate):
    arms = {"none": Treatment.none(), "static": ARMS["static"]}
    healthy = block(network, arms=arms, optimizer=optimizer, epochs=6)
    wild = {f"wild {name}": Arm(treatment=one, changes={"learning_rate": learning_rate}) for name, one in arms.items()}
    runs = run_block(replace(healthy, arms={**arms, **wild}))
    assert unmeasured(runs[runs["arm"].isin(arms)]).reset_index(drop=True).equals(unmeasured(run_block(healthy)))


def test_a_checkpoint_of_another_block_is_refused(tmp_path):
    BlockTraining(block(seeds=[0])).save(tmp_path / "block.pt")
    with pytest.raises(InvalidStudy, match="another one's"):
        BlockTraining(block(seeds=[1])).load(tmp_path / "block.pt")


def test_members_of_a_seed_start_alike_whatever_their_order_of_building():
    (one,) = BlockTraining(block(module(Norms, hidden=8), seeds=[3]))._trainers
    assert torch.equal(
        built(module(Norms, hidden=8), moons(), seed_of(one.members[0], "init")).below.weight,
        one._each[0].module.below.weight,
    )
    assert Surface().draw("train", 0)[0].shape == (60, 2)
