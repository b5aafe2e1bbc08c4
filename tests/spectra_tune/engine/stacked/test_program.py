"""A block trains what a plain loop would, and a member never depends on its company."""

import copy
import math
from dataclasses import dataclass, replace

import numpy
import pytest
import torch

from spectra_tune.design import Arm, Block, Condition, InvalidStudy, Treatment, members
from spectra_tune.design.condition import MUON
from spectra_tune.engine import BlockTraining, run_block
from spectra_tune.engine.members.parameters import built
from spectra_tune.engine.stacked import batch_invariance, chunks
from spectra_tune.engine.stacked import program as programs
from spectra_tune.engine.stacked.optimizers import OPTIMIZERS
from spectra_tune.networks import mlp
from spectra_tune.objectives import SPLITS, objective_of
from spectra_tune.objectives.classification import Stacked
from spectra_tune.results import unmeasured
from spectra_tune.schedules import LEARNING_RATES, progress_at, sigma_target
from spectra_tune.tasks import moons, spirals
from tests.tools.muon import muon_in_full_precision


def trained(block, **given):
    training = BlockTraining(block, **given)
    while not training.finished:
        training.advance()
    return training


def weights(block, **given):
    """Final parameters of every member by signature."""
    training = trained(block, **given)
    return {
        member.signature: torch.cat([value.flatten() for value in state.values()])
        for program in training._trainers
        for member, state in zip(program.members, program.states(), strict=True)
    }


def plain_loop(condition, member, split_x, split_y):
    """One network trained the ordinary way in float64: nn modules, autograd, the exact norm's own gradient."""
    layers = []
    sizes = [2] + [condition.network.width] * condition.network.depth
    for fan_in, fan_out in zip(sizes, sizes[1:], strict=False):
        layers += [torch.nn.Linear(fan_in, fan_out), torch.nn.ReLU()]
    model = torch.nn.Sequential(*layers, torch.nn.Linear(sizes[-1], 1)).double()
    linears = [layer for layer in model if isinstance(layer, torch.nn.Linear)]
    start = dict(built(member).named_parameters())
    with torch.no_grad():
        for number, layer in enumerate(linears, start=1):
            layer.weight.copy_(start[f"layer_{number}.weight"])
            layer.bias.copy_(start[f"layer_{number}.bias"])
    optimizers = {
        "adam": lambda p, **r: torch.optim.Adam(p, **r),
        "adamw": lambda p, **r: torch.optim.AdamW(p, **r),
        "sgd": lambda p, **r: torch.optim.SGD(p, momentum=0.9, **r),
        "rmsprop": lambda p, **r: torch.optim.RMSprop(p, **r),
    }
    given = {"lr": condition.learning_rate, "weight_decay": condition.weight_decay}
    if condition.optimizer == MUON:
        hidden = [layer.weight for layer in linears[1:-1]]  # square, so that the rate needs no adjustment
        rest = [value for value in model.parameters() if not any(value is one for one in hidden)]
        each = [torch.optim.Muon(hidden, **given), torch.optim.AdamW(rest, **given)]
    else:
        each = [optimizers[condition.optimizer](model.parameters(), **given)]
    factor = LEARNING_RATES[condition.learning_rate_schedule]
    schedulers = [
        torch.optim.lr_scheduler.LambdaLR(one, lambda s: factor(progress_at(s, condition.epochs))) for one in each
    ]
    x, y = torch.tensor(split_x), torch.tensor(split_y, dtype=torch.float64)
    treatment = member.treatment
    for step in range(condition.epochs):
        loss = torch.nn.functional.binary_cross_entropy_with_logits(model(x).squeeze(1), y)
        if treatment.strength:
            for number, layer in enumerate(linears[:-1], start=1):
                target = sigma_target(
                    treatment.schedule,
                    progress_at(step, condition.epochs),
                    number,
                    sigma_start=treatment.sigma_start,
                    sigma_end=treatment.sigma_end,
                )
                excess = torch.linalg.matrix_norm(layer.weight, 2) - target
                loss = loss + treatment.strength * (excess.clamp(min=0) if treatment.one_sided else excess) ** 2
        model.zero_grad()
        loss.backward()
        if condition.clip is not None:
            torch.nn.utils.clip_grad_norm_(model.parameters(), condition.clip)
        with muon_in_full_precision():
            for one in (*each, *schedulers):
                one.step()
    return torch.cat([part.detach().flatten() for layer in linears for part in (layer.weight, layer.bias)])


@pytest.mark.parametrize("schedule", LEARNING_RATES)
@pytest.mark.parametrize("optimizer", [*OPTIMIZERS, MUON])
def test_a_member_is_the_network_that_a_plain_loop_trains(arms, optimizer, schedule):
    condition = Condition(
        task=moons(samples=50),
        network=mlp(width=8),
        epochs=20,
        optimizer=optimizer,
        weight_decay=0.01,
        learning_rate_schedule=schedule,
    )
    block = Block(condition=condition, arms=arms, seeds=[3, 4])
    ours = weights(block, dtype=torch.float64)
    for member in members(block):
        expected = plain_loop(condition, member, *condition.task.draw("train", member.seed))
        torch.testing.assert_close(ours[member.signature], expected, rtol=1e-8, atol=1e-9)


SHAPES = [
    (8, 997, None),
    (16, 1000, 37),
    (17, 997, 32),
    (33, 100, 100),
    (50, 400, 128),
    (64, 997, None),
    (128, 200, 37),
    (256, 70, None),
]


@pytest.mark.parametrize(("width", "samples", "batch_size"), SHAPES)
def test_a_member_does_not_depend_on_its_company(arms, width, samples, batch_size):
    seeds = 20 if width < 128 else 6
    condition = Condition(
        task=moons(samples=samples), network=mlp(width=width), epochs=2 if batch_size else 4, batch_size=batch_size
    )
    everyone = weights(Block(condition=condition, arms=arms, seeds=range(seeds)))
    reordered = {name: arms[name] for name in reversed(arms)}
    longer = {"linear": arms["linear"], "long": Arm(treatment=arms["none"], changes={"epochs": 3})}
    some_of_all = range(seeds - 1, -1, -3)
    for others, some in (({"static": arms["static"]}, [4]), (longer, [seeds - 1, 3, 2]), (reordered, some_of_all)):
        theirs = weights(Block(condition=condition, arms=others, seeds=some))
        shared = [signature for signature in theirs if signature in everyone]
        assert len(shared) >= len(list(some))
        assert all(torch.equal(theirs[signature], everyone[signature]) for signature in shared)


def test_blocks_of_every_size_give_equal_bits(arms):
    condition = Condition(task=moons(samples=40), network=mlp(width=8), epochs=3)
    everyone = weights(Block(condition=condition, arms={"linear": arms["linear"]}, seeds=range(80)))
    by_seed = {m.seed: m.signature for m in members(Block(condition=condition, arms=arms, seeds=range(80)))[160:]}
    for size in (*range(1, 10), 15, 16, 17, 31, 32, 33, 63, 64, 65, 79):
        some = weights(Block(condition=condition, arms={"linear": arms["linear"]}, seeds=range(80 - size, 80)))
        assert all(torch.equal(some[by_seed[seed]], everyone[by_seed[seed]]) for seed in range(80 - size, 80))


@pytest.mark.parametrize(("activation", "classes"), [("tanh", 2), ("relu", 5), ("tanh", 3)])
def test_other_networks_give_equal_bits_too(arms, activation, classes):
    condition = Condition(
        task=spirals(samples=90, classes=classes), network=mlp(width=12, depth=3, activation=activation), epochs=4
    )
    everyone = weights(Block(condition=condition, arms=arms, seeds=range(17)))
    alone = weights(Block(condition=condition, arms={"linear": arms["linear"]}, seeds=[9]))
    assert all(torch.equal(value, everyone[signature]) for signature, value in alone.items())


def test_the_engine_knows_where_a_members_bits_depend_on_its_company(arms, monkeypatch):
    condition = Condition(task=moons(samples=37), network=mlp(width=16), epochs=3)
    block = Block(condition=condition, arms=arms, seeds=range(2))
    monkeypatch.setattr(batch_invariance, "_REHEARSED", {})
    assert run_block(block)["equal_bits"].all()

    to_error_ = Stacked.to_error_

    def slot_dependent_(logits_MON, label_MN, weight_N):
        to_error_(logits_MON, label_MN, weight_N)
        logits_MON[-1] *= 1 + 1e-6

    monkeypatch.setattr(batch_invariance, "_REHEARSED", {})
    monkeypatch.setattr(programs, "is_fused", lambda *_: False)
    monkeypatch.setattr(Stacked, "to_error_", staticmethod(slot_dependent_))
    assert not run_block(block)["equal_bits"].any()


@pytest.mark.parametrize("fused", [True, False])
def test_a_network_that_diverges_does_so_in_any_company(fused, arms, monkeypatch):
    monkeypatch.setattr(batch_invariance, "_REHEARSED", {})
    if not fused:
        monkeypatch.setattr(programs, "is_fused", lambda *_: False)
    wild = Condition(task=moons(samples=37), network=mlp(width=16), epochs=3, learning_rate=1e30)
    for condition in (wild, replace(wild, learning_rate=0.01)):
        assert run_block(Block(condition=condition, arms=arms, seeds=range(2)))["equal_bits"].all()


@pytest.mark.parametrize("fused", [True, False])
def test_chunk_boundaries_change_no_bit(fused, arms, monkeypatch):
    for place in (chunks, programs) if not fused else ():
        monkeypatch.setattr(place, "is_fused", lambda *_: False)
    condition = Condition(task=moons(samples=100), network=mlp(width=16), epochs=4, batch_size=40)
    block = Block(condition=condition, arms=arms, seeds=range(9))
    expected = weights(block)
    for members_at_a_time in (1, 7):
        monkeypatch.setattr(chunks, "CELLS", members_at_a_time * 16 * 40)
        monkeypatch.setattr(chunks, "FUSED_NUMBERS", members_at_a_time * 2 * 100)
        assert len(trained(block)._trainers) >= 27 // members_at_a_time
        assert all(torch.equal(value, expected[signature]) for signature, value in weights(block).items())


MIXED = {
    "none": Arm(treatment=Treatment.none()),
    "fast": Arm(treatment=Treatment.none(), changes={"learning_rate": 0.05, "learning_rate_schedule": "cosine"}),
    "decayed": Arm(treatment=Treatment.none(), changes={"weight_decay": 0.1}),
    "clipped": Arm(treatment=Treatment.none(), changes={"clip": 0.05}),
    "he": Arm(treatment=Treatment.none(), changes={"init": "he", "init_gain": 0.5}),
    "weak": Arm(treatment=Treatment(strength=0.01, sigma_end=1.0), changes={"learning_rate": 0.001}),
    "strong": Arm(treatment=Treatment(strength=1.0, sigma_end=2.0, one_sided=True), changes={"weight_decay": 0.01}),
    "strong, clipped": Arm(treatment=Treatment(strength=1.0, sigma_end=2.0), changes={"clip": 0.3}),
}


@pytest.mark.parametrize("optimizer", [*OPTIMIZERS, MUON])
def test_members_of_unlike_hyperparameters_share_a_program_and_no_bit(optimizer):
    condition = Condition(task=moons(samples=60), network=mlp(width=8), epochs=6, optimizer=optimizer)
    block = Block(condition=condition, arms=MIXED, seeds=range(3))
    training = trained(block)
    assert [len(program.members) for program in training._trainers] == [15, 9]
    together = weights(block)
    for name, arm in MIXED.items():
        alone = weights(Block(condition=condition, arms={name: arm}, seeds=[1]))
        assert all(torch.equal(value, together[signature]) for signature, value in alone.items())
    for member in members(block):
        expected = plain_loop(member.condition, member, *condition.task.draw("train", member.seed))
        ours = weights(Block(condition=condition, arms=MIXED, seeds=[member.seed]), dtype=torch.float64)
        torch.testing.assert_close(ours[member.signature], expected, rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize(("width", "batch_size"), [(8, None), (8, 32), (160, None)])
def test_a_block_saved_and_continued_ends_with_equal_bits(tmp_path, condition, arms, width, batch_size):
    condition = replace(condition, network=mlp(width=width), batch_size=batch_size)
    block = Block(condition=condition, arms=arms, seeds=range(3 if width == 8 else 1))
    whole = trained(block, report_every=1)
    for stop in (1, 3, 5):
        first = BlockTraining(block, report_every=1)
        for _ in range(stop):
            first.advance()
        first.save(tmp_path / "state.pt")
        second = BlockTraining(block, report_every=1)
        second.load(tmp_path / "state.pt")
        while not second.finished:
            second.advance()
        assert unmeasured(second.runs()).equals(unmeasured(whole.runs()))
        assert second.curves().equals(whole.curves())


def test_the_run_table_says_what_each_run_was(block, condition, arms):
    runs = run_block(block)
    assert list(runs["arm"].unique()) == list(arms)
    assert (runs["status"] == "ok").all()
    assert (runs["parameters"] == 105).all()
    assert runs["signature"].is_unique
    assert runs["condition_signature"].nunique() == 1
    assert runs[[one.column for one in objective_of(condition.task).on(*SPLITS)]].notna().all(axis=None)
    assert (runs["test_accuracy_of_constant"] == 0.5).all()
    assert runs["batch_size"].eq(0).all()


def test_targets_scale_with_capacity_and_depth(condition):
    treatment = Treatment(
        strength=0.1, schedule="linear", sigma_start=2.0, sigma_end=1.0, beta=-0.5, depth_exponent=1.0
    )
    training = BlockTraining(Block(condition=condition, arms={"capacity": treatment}, seeds=[1]), report_every=1)
    first = training.advance().curves
    ratio = 105 / 337  # true parameter counts at width 8 and at moons' reference width, 16
    targets = first[first["epoch"] == 0].set_index("metric")["value"]
    assert targets["sigma_target_1"] == pytest.approx(2.0 * ratio**-0.5)
    assert targets["sigma_target_2"] == pytest.approx(2.0 * ratio**-0.5 / 2)
    while not training.finished:
        last = training.advance().curves
    ends = last[last["epoch"] == condition.epochs].set_index("metric")["value"]
    assert (ends["sigma_target_1"], ends["sigma_target_2"]) == (1.0, 0.5)


@dataclass(frozen=True)
class Drawing:
    """A task that draws what it is given."""

    x: tuple
    y: tuple
    classes: int = 2
    features: int = 2

    def draw(self, split, seed):
        return numpy.array(self.x, dtype=float), numpy.array(self.y)


@pytest.mark.parametrize(
    ("x", "y", "says"),
    [
        ([[0.0, math.nan], [1, 1]], [0, 1], "must draw finite data"),
        ([[0.0, 1.0], [1, 1]], [1, 1], "at least two classes, got one"),
        ([[0.0, 1.0], [1, 1]], [0, 2], "labels 0 … 1, got 0 … 2"),
        ([[0.0, 1.0], [1, 1]], [0, 1, 1], "must draw x"),
    ],
)
def test_data_that_cannot_be_trained_on_is_refused(x, y, says):
    task = Drawing(tuple(map(tuple, x)), tuple(y))
    block = Block(condition=Condition(task=task, network=mlp(width=8)), arms={"none": Treatment.none()}, seeds=[0])
    with pytest.raises(InvalidStudy, match=says):
        run_block(block)


def test_a_batch_larger_than_a_users_data_is_refused():
    task = Drawing(((0.0, 1.0), (1.0, 1.0)), (0, 1))
    condition = Condition(task=task, network=mlp(width=8), batch_size=3)
    with pytest.raises(InvalidStudy, match="batch_size 3, samples 2"):
        run_block(Block(condition=condition, arms={"none": Treatment.none()}, seeds=[0]))


def test_the_data_of_a_users_task_enters_the_signature():
    def signature(x):
        condition = Condition(task=Drawing(x, (0, 1)), network=mlp(width=8))
        return members(Block(condition=condition, arms={"none": Treatment.none()}, seeds=[0]))[0].signature

    assert signature(((0.0, 1.0), (1.0, 1.0))) != signature(((0.0, 1.0), (1.0, 2.0)))
    task = Drawing(((0.0, 1.0), (1.0, 1.0)), (0, 1))
    assert signature(task.x) == signature(copy.deepcopy(task).x)
