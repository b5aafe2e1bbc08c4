"""A block trains what a plain loop would, and a member never depends on its company."""

import copy
import math
from dataclasses import dataclass, replace

import numpy
import pytest
import torch

from spectra_tune.design import Arm, Block, Condition, InvalidStudy, Treatment, members
from spectra_tune.engine import BlockTraining, batch_invariance, run_block, train
from spectra_tune.engine.stacked.optimizers import OPTIMIZERS
from spectra_tune.engine.stacked.program import generator_of
from spectra_tune.engine.stacked.scores import to_error_
from spectra_tune.networks import mlp
from spectra_tune.results import METRICS, unmeasured
from spectra_tune.schedules import LEARNING_RATES, progress_at, sigma_target
from spectra_tune.tasks import moons, spirals


def trained(block, **given):
    training = BlockTraining(block, **given)
    while not training.finished:
        training.advance()
    return training


def weights(block, **given):
    """Final parameters of every member by signature."""
    training = trained(block, **given)
    return {
        member.signature: torch.cat([value[slot].flatten() for value in program.parameters.values()])
        for program in training._programs
        for slot, member in enumerate(program.members)
    }


def plain_loop(condition, member, split_x, split_y):
    """One network trained the ordinary way in float64: nn modules, autograd, the exact norm's own gradient."""
    layers = []
    sizes = [2] + [condition.network.width] * condition.network.depth
    for fan_in, fan_out in zip(sizes, sizes[1:], strict=False):
        layers += [torch.nn.Linear(fan_in, fan_out), torch.nn.ReLU()]
    model = torch.nn.Sequential(*layers, torch.nn.Linear(sizes[-1], 1)).double()
    linears = [layer for layer in model if isinstance(layer, torch.nn.Linear)]
    start = condition.network.implement(2, 1).init(generator_of(member, "init"))
    with torch.no_grad():
        for number, layer in enumerate(linears, start=1):
            layer.weight.copy_(start[f"weight_{number}"])
            layer.bias.copy_(start[f"bias_{number}"])
    optimizers = {
        "adam": lambda p, **r: torch.optim.Adam(p, **r),
        "adamw": lambda p, **r: torch.optim.AdamW(p, **r),
        "sgd": lambda p, **r: torch.optim.SGD(p, momentum=0.9, **r),
        "rmsprop": lambda p, **r: torch.optim.RMSprop(p, **r),
    }
    optimizer = optimizers[condition.optimizer](
        model.parameters(), lr=condition.learning_rate, weight_decay=condition.weight_decay
    )
    factor = LEARNING_RATES[condition.learning_rate_schedule]
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda s: factor(progress_at(s, condition.epochs)))
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
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        scheduler.step()
    return torch.cat([part.detach().flatten() for layer in linears for part in (layer.weight, layer.bias)])


@pytest.mark.parametrize("schedule", LEARNING_RATES)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
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
    for size in range(1, 80):
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

    def slot_dependent_(logits_MON, label_MN, weight_N):
        to_error_(logits_MON, label_MN, weight_N)
        logits_MON[-1] *= 1 + 1e-6

    monkeypatch.setattr(batch_invariance, "_REHEARSED", {})
    monkeypatch.setattr("spectra_tune.engine.stacked.program.to_error_", slot_dependent_)
    assert not run_block(block)["equal_bits"].any()


def test_chunk_boundaries_change_no_bit(arms, monkeypatch):
    condition = Condition(task=moons(samples=100), network=mlp(width=16), epochs=4, batch_size=40)
    block = Block(condition=condition, arms=arms, seeds=range(9))
    expected = weights(block)
    for cells in (16 * 40, 7 * 16 * 40):
        monkeypatch.setattr("spectra_tune.engine.stacked.chunks.CELLS", cells)
        assert all(torch.equal(value, expected[signature]) for signature, value in weights(block).items())


MIXED = {
    "none": Arm(treatment=Treatment.none()),
    "fast": Arm(treatment=Treatment.none(), changes={"learning_rate": 0.05, "learning_rate_schedule": "cosine"}),
    "decayed": Arm(treatment=Treatment.none(), changes={"weight_decay": 0.1}),
    "he": Arm(treatment=Treatment.none(), changes={"init": "he", "init_gain": 0.5}),
    "weak": Arm(treatment=Treatment(strength=0.01, sigma_end=1.0), changes={"learning_rate": 0.001}),
    "strong": Arm(treatment=Treatment(strength=1.0, sigma_end=2.0, one_sided=True), changes={"weight_decay": 0.01}),
}


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_members_of_unlike_hyperparameters_share_a_program_and_no_bit(optimizer):
    condition = Condition(task=moons(samples=60), network=mlp(width=8), epochs=6, optimizer=optimizer)
    block = Block(condition=condition, arms=MIXED, seeds=range(3))
    training = trained(block)
    assert [len(program.members) for program in training._programs] == [12, 6]
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


def test_arms_share_data_and_initial_weights_within_a_seed_only(block):
    runs = run_block(block)
    assert runs.groupby("seed")[["data_digest", "init_digest"]].nunique().eq(1).all(axis=None)
    assert runs["data_digest"].nunique() == runs["init_digest"].nunique() == 3


def test_a_stream_gives_an_arm_other_weights_and_orders_but_the_same_data(condition):
    arms = {"none": Treatment.none(), "again": Arm(treatment=Treatment.none(), stream=1)}
    runs = run_block(Block(condition=condition, arms=arms, seeds=range(3)))
    assert runs["data_digest"].nunique() == 3
    assert runs["init_digest"].nunique() == 6


def test_fixed_data_is_one_data_set_for_all_seeds(condition, arms):
    fixed = replace(condition, task=moons(samples=100, data_seed=42))
    runs = run_block(Block(condition=fixed, arms=arms, seeds=range(3)))
    assert runs["data_digest"].nunique() == 1
    assert runs["one_split"].all()


def test_training_touches_no_global_generator(block):
    torch.manual_seed(5)
    numpy.random.seed(5)  # the global generator is what must stay untouched
    before = torch.get_rng_state(), numpy.random.get_state()[1].copy()
    run_block(block)
    assert torch.equal(torch.get_rng_state(), before[0])
    assert (numpy.random.get_state()[1] == before[1]).all()


def test_a_search_block_is_not_evaluated_on_test_data(block):
    runs = run_block(replace(block, stage="search"))
    test_columns = [name for name in runs.columns if name.startswith("test_")]
    assert len(test_columns) == 6
    assert runs[test_columns].isna().all(axis=None)
    assert runs["validation_accuracy"].notna().all()


def test_the_run_table_says_what_each_run_was(block, arms):
    runs = run_block(block)
    assert list(runs["arm"].unique()) == list(arms)
    assert (runs["status"] == "ok").all()
    assert (runs["parameters"] == 105).all()
    assert runs["signature"].is_unique
    assert runs["condition_signature"].nunique() == 1
    assert runs[list(METRICS)].notna().all(axis=None)
    assert (runs["test_accuracy_of_constant"] == 0.5).all()
    assert runs["batch_size"].eq(0).all()


def test_reports_cover_all_members_and_the_last_brings_the_run_table(block):
    reports = list(train(block, report_every=2))
    assert [report.epoch for report in reports] == [2, 4, 6]
    assert [report.runs is None for report in reports] == [True, True, False]
    last = reports[-1].curves
    assert last["signature"].nunique() == 9
    assert set(last["epoch"]) == {6}
    runs = reports[-1].runs
    assert runs is not None
    for metric in ("train_loss", "validation_accuracy", "sigma_2"):
        curve = last[last["metric"] == metric].set_index("signature")["value"]
        assert (curve[runs["signature"]].to_numpy() == runs[metric].to_numpy()).all()


def test_an_arm_of_more_epochs_goes_on_alone(condition, arms):
    long = Arm(treatment=arms["linear"], changes={"epochs": 12})
    block = Block(condition=condition, arms={**arms, "linear, long": long}, seeds=range(2))
    runs = run_block(block)
    assert runs.groupby("arm")["epochs"].unique().map(list).to_dict() == {
        "none": [6],
        "static": [6],
        "linear": [6],
        "linear, long": [12],
    }
    (*_, last) = train(block)
    assert last.epoch == last.epochs == 12


def test_a_strong_penalty_brings_sigma_to_its_target():
    strong = {"static": Treatment(strength=1.0, sigma_end=1.0), "two": Treatment(strength=1.0, sigma_end=2.0)}
    for width in (8, 64):
        condition = Condition(task=moons(samples=200), network=mlp(width=width), epochs=100)
        runs = run_block(Block(condition=condition, arms=strong, seeds=range(4)))
        means = runs.groupby("arm")[["sigma_1", "sigma_2"]].mean()
        assert means.loc["static"].to_numpy() == pytest.approx([1.0, 1.0], rel=0.1)
        assert means.loc["two"].to_numpy() == pytest.approx([2.0, 2.0], rel=0.1)


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


@dataclass(frozen=True, kw_only=True)
class Overflowing:
    """Moons, but of one seed so large that float32 overflows in training."""

    samples: int = 64
    broken_seed: int = 2
    classes = 2
    features = 2
    reference_width = None

    def draw(self, split, seed):
        x, y = moons(samples=self.samples).draw(split, seed)
        return (x * 1.4e38 if seed == self.broken_seed else x), y


def test_a_diverged_member_is_a_result_and_leaves_its_neighbours_bits(arms):
    def condition(broken):
        return Condition(task=Overflowing(broken_seed=broken), network=mlp(width=8), epochs=8, optimizer="sgd")

    arms = {"none": arms["none"], "static": arms["static"]}
    healthy = run_block(Block(condition=condition(99), arms=arms, seeds=range(4)))
    runs = run_block(Block(condition=condition(2), arms=arms, seeds=range(4)))
    assert dict(zip(runs["seed"], runs["status"] == "diverged", strict=True)) == {0: False, 1: False, 2: True, 3: False}
    diverged = runs[runs["status"] == "diverged"]
    assert len(diverged) == 2
    assert diverged[[*METRICS, "sigma_1", "sigma_2"]].isna().all(axis=None)
    assert (diverged["test_accuracy_of_constant"] == 0.5).all()
    assert diverged["test_loss_of_constant"].to_numpy() == pytest.approx(math.log(2))
    metrics = [*METRICS, "sigma_1", "sigma_2"]
    kept = runs["seed"] != 2
    assert runs.loc[kept, metrics].equals(healthy.loc[kept, metrics])


@dataclass(frozen=True, kw_only=True)
class Plain:
    """A user's own network: one member at a time, no stacked pass."""

    width: int = 8
    regularized = ("hidden",)

    def init(self, generator):
        return {
            "hidden": torch.randn(self.width, 2, generator=generator) / 2,
            "out": torch.randn(3, self.width, generator=generator) / 4,
        }

    def forward(self, parameters, x):
        return torch.tanh(x @ parameters["hidden"].T) @ parameters["out"].T


def test_a_users_own_network_trains_batched_with_equal_bits(arms):
    condition = Condition(task=spirals(samples=90, classes=3), network=Plain(), epochs=12)
    runs = run_block(Block(condition=condition, arms=arms, seeds=range(6)))
    assert (runs["parameters"] == 8 * 2 + 3 * 8).all()
    assert runs.groupby("arm")["sigma_1"].mean()["static"] < runs.groupby("arm")["sigma_1"].mean()["none"]
    alone = run_block(Block(condition=condition, arms={"static": arms["static"]}, seeds=[4]))
    together = runs[(runs["arm"] == "static") & (runs["seed"] == 4)]
    assert unmeasured(alone).equals(unmeasured(together).reset_index(drop=True))


def test_the_unstacked_path_agrees_with_the_closed_form(arms):
    condition = Condition(task=moons(samples=60), network=mlp(width=8), epochs=10)
    block = Block(condition=condition, arms={"static": arms["static"]}, seeds=range(3))
    closed = BlockTraining(block, dtype=torch.float64)
    general = BlockTraining(block, dtype=torch.float64)
    for program in general._programs:
        program.network = _Unstacked(program.network)
    for training in (closed, general):
        while not training.finished:
            training.advance()
    for one, other in zip(closed._programs, general._programs, strict=True):
        for name in one.parameters:
            torch.testing.assert_close(one.parameters[name], other.parameters[name], rtol=1e-9, atol=1e-11)


class _Unstacked:
    """A network without its stacked passes."""

    def __init__(self, network):
        self.init, self.forward, self.regularized = network.init, network.forward, network.regularized


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
