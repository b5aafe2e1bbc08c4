"""On a GPU: the same networks to rounding, and equal bits in any company. Skipped where there is none."""

import gc
import warnings

import numpy
import pytest
import torch
from torch import nn

from spectra_tune.design import Arm, Block, Condition, Treatment
from spectra_tune.engine import BlockTraining, run_block
from spectra_tune.engine.memory import CONTEXT_BYTES, bytes_on_gpu
from spectra_tune.networks import cnn, gcn, mlp, module, rnn, transformer
from spectra_tune.operators.of_layer import sized
from spectra_tune.penalties import SpectralPenalty
from spectra_tune.results import unmeasured
from spectra_tune.tasks import digits, elections, moons, pride_and_prejudice
from tests.laws.kinds import NETWORKS, each_once, seeded, task_of, x_of

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")

PULLED = Treatment(schedule="linear", sigma_start=2.5, sigma_end=1.0, strength=0.1)


def finished(training):
    while not training.finished:
        training.advance()
    return training


def states_of(training):
    return [
        {name: value.cpu().clone() for name, value in state.items()}
        for trainer in training._trainers
        for state in trainer.states()
    ]


@pytest.mark.parametrize("batch_size", [None, 37])
@pytest.mark.parametrize("width", [8, 17, 64, 256])
def test_a_members_bits_do_not_depend_on_its_company_on_a_gpu(arms, width, batch_size):
    condition = Condition(task=moons(samples=200), network=mlp(width=width), epochs=4, batch_size=batch_size)
    everyone = run_block(Block(condition=condition, arms=arms, seeds=range(40)), device="cuda")
    alone = run_block(Block(condition=condition, arms={"linear": arms["linear"]}, seeds=[7]), device="cuda")
    same = everyone[(everyone["arm"] == "linear") & (everyone["seed"] == 7)]
    assert unmeasured(alone).equals(unmeasured(same).reset_index(drop=True))
    assert everyone["equal_bits"].all()


@pytest.mark.parametrize(("network", "task"), each_once(NETWORKS))
def test_every_network_repeats_its_bits_on_a_gpu(network, task):
    condition = Condition(task=task, network=network, epochs=3, batch_size=16)
    whole = finished(BlockTraining(Block(condition=condition, arms={"linear": PULLED}, seeds=[3, 5]), device="cuda"))
    alone = finished(BlockTraining(Block(condition=condition, arms={"linear": PULLED}, seeds=[5]), device="cuda"))
    assert whole.runs()["equal_bits"].all()
    assert set(whole.runs()["status"]) == {"ok"}
    for one, other in zip(states_of(whole)[1].values(), states_of(alone)[0].values(), strict=True):
        assert torch.equal(one, other)
    assert unmeasured(alone.runs()).equals(unmeasured(whole.runs()[1:]).reset_index(drop=True))


@pytest.mark.parametrize("name", ["mlp", "cnn", "transformer", "lstm", "gcn", "Norms", "Recurs"])
def test_what_is_saved_and_continued_on_a_gpu_ends_with_equal_bits(name, tmp_path):
    network = NETWORKS[name]
    condition = Condition(task=task_of(network), network=network, epochs=4, batch_size=16)
    block = Block(condition=condition, arms={"linear": PULLED}, seeds=[3])
    whole = finished(BlockTraining(block, device="cuda", report_every=1))
    first = BlockTraining(block, device="cuda", report_every=1)
    first.advance()
    first.advance()
    first.save(tmp_path / "state.pt")
    second = BlockTraining(block, device="cuda", report_every=1)
    second.load(tmp_path / "state.pt")
    assert second.epoch == 2
    assert unmeasured(finished(second).runs()).equals(unmeasured(whole.runs()))
    assert second.curves().equals(whole.curves())


@pytest.mark.parametrize(("treatment", "tolerance"), [(Treatment.none(), 1e-6), (PULLED, 1e-3)], ids=["none", "linear"])
@pytest.mark.parametrize("name", ["mlp", "cnn", "transformer", "rnn", "gru", "lstm", "gcn", "Convolves", "Attends"])
def test_a_gpu_trains_the_processors_networks_of_every_kind(name, treatment, tolerance):
    network = NETWORKS[name]
    condition = Condition(task=task_of(network), network=network, epochs=3, batch_size=16)
    block = Block(condition=condition, arms={"one": treatment}, seeds=[3])
    here, there = (
        states_of(finished(BlockTraining(block, device=device, dtype=torch.float64))) for device in ("cpu", "cuda")
    )
    for one, other in zip(here[0].values(), there[0].values(), strict=True):
        torch.testing.assert_close(one, other, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("network", [cnn(channels=8), transformer(width=16), rnn(width=16), mlp(width=32)], ids=str)
def test_spectral_norms_on_a_gpu_are_the_processors(network):
    task = pride_and_prejudice(context=16) if network == transformer(width=16) else digits()
    if network == rnn(width=16):
        task = task_of(network)
    found = []
    for device in ("cpu", "cuda"):
        with seeded(0):
            built = network.build(task).to(device)
        x = x_of(task, 2).to(device)
        operators = sized(network.regularized(built), built, x)
        found.append(
            numpy.array(
                [
                    float(
                        operator.follow(
                            [weight.detach().unsqueeze(0) for weight in operator.weights],
                            [torch.zeros_like(weight).unsqueeze(0) for weight in operator.weights],
                        ).measured()
                    )
                    for operator in operators.values()
                ]
            )
        )
    numpy.testing.assert_allclose(found[1], found[0], rtol=1e-3)


@pytest.mark.parametrize(
    ("network", "task"),
    [
        (cnn(channels=8), digits()),
        (transformer(width=16), pride_and_prejudice(context=16, samples=200)),
        (gcn(width=8), elections()),
    ],
    ids=["cnn", "transformer", "gcn"],
)
def test_bfloat16_trains_on_a_gpu(network, task):
    condition = Condition(task=task, network=network, epochs=2, batch_size=32, precision="bfloat16")
    runs = run_block(
        Block(condition=condition, arms={"none": Treatment.none(), "linear": PULLED}, seeds=range(2)), device="cuda"
    )
    assert set(runs["status"]) == {"ok"}


def test_a_condition_that_names_the_gpu_trains_there():
    condition = Condition(task=moons(samples=60), network=mlp(width=8), epochs=2, device="cuda")
    runs = run_block(Block(condition=condition, arms={"none": Treatment.none()}, seeds=[0]))
    assert torch.cuda.get_device_name() in runs["environment"].iloc[0]


@pytest.mark.parametrize(
    "condition",
    [
        Condition(task=moons(samples=1000), network=mlp(width=64), epochs=2),
        Condition(task=digits(), network=cnn(channels=16), epochs=1, batch_size=64),
        Condition(
            task=pride_and_prejudice(context=64, samples=640), network=transformer(width=64), epochs=1, batch_size=64
        ),
    ],
    ids=["mlp", "cnn", "transformer"],
)
def test_a_block_keeps_within_its_estimate_on_a_gpu(condition):
    block = Block(condition=condition, arms={"linear": PULLED}, seeds=range(4))
    gc.collect()
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats()
    held = torch.cuda.memory_reserved()
    run_block(block, device="cuda")
    peak = torch.cuda.max_memory_reserved() - held
    print(
        f"peak {peak / 2**20:.0f} MiB, estimate {(bytes_on_gpu(block) - CONTEXT_BYTES) / 2**20:.0f} MiB without context"
    )
    assert peak <= bytes_on_gpu(block)


@pytest.mark.filterwarnings("ignore:`torch.jit")
@pytest.mark.parametrize("compiled", [False, True])
def test_the_penalty_of_ones_own_loop_works_on_a_gpu(compiled):
    with seeded(0):
        model = nn.Sequential(
            nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(512, 32), nn.ReLU(), nn.Linear(32, 10)
        ).cuda()
    x = torch.randn(16, 1, 8, 8, generator=torch.Generator().manual_seed(0)).cuda()
    y = (torch.arange(16) % 10).cuda()
    penalty = SpectralPenalty(model, PULLED, steps=20, example=x)
    forward = torch.compile(model) if compiled else model
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    losses = []
    for step in range(20):
        optimizer.zero_grad()
        with torch.autocast("cuda", dtype=torch.bfloat16):
            loss = nn.functional.cross_entropy(forward(x), y)
        (loss + penalty(step)).backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < losses[0] / 2
    sigma = penalty.sigmas()
    exact = float(torch.linalg.matrix_norm(model[3].weight.detach().double(), 2))
    assert abs(sigma["3"] - exact) < 2e-3 * exact


def test_an_operation_without_a_repeatable_kernel_is_told():
    class Histogram(nn.Module):
        def __init__(self, inputs, outputs):
            super().__init__()
            self.inner = nn.Linear(inputs, 16)
            self.outer = nn.Linear(4, outputs)

        def forward(self, x):
            pooled = nn.functional.adaptive_avg_pool2d(self.inner(x.flatten(1)).unflatten(1, (1, 4, 4)), 2)
            return self.outer(pooled.flatten(1))

    condition = Condition(task=moons(samples=60), network=module(Histogram), epochs=2, batch_size=16)
    runs = run_block(Block(condition=condition, arms={"none": Treatment.none()}, seeds=[0]), device="cuda")
    assert not runs["equal_bits"].any()


def test_a_gpu_trains_the_processors_networks(arms):
    condition = Condition(task=moons(samples=100), network=mlp(width=16), epochs=20)
    finals = []
    for device in ("cpu", "cuda"):
        block = Block(condition=condition, arms={"none": arms["none"]}, seeds=range(3))
        training = finished(BlockTraining(block, device=device, dtype=torch.float64))
        finals.append([value for state in states_of(training) for value in state.values()])
    for one, other in zip(*finals, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-9)


def test_learning_rates_of_a_members_own_train_on_a_gpu():
    arms = {
        "none": Treatment.none(),
        "fast": Arm(treatment=PULLED, changes={"learning_rate": 0.05, "weight_decay": 0.1}),
    }
    condition = Condition(task=moons(samples=100), network=mlp(width=16), epochs=3, batch_size=32, optimizer="sgd")
    runs = run_block(Block(condition=condition, arms=arms, seeds=range(3)), device="cuda")
    assert set(runs["status"]) == {"ok"}


def test_the_processor_waits_as_often_for_many_steps_as_for_few(arms):
    condition = Condition(task=moons(samples=100), network=mlp(width=16), epochs=40)
    training = BlockTraining(Block(condition=condition, arms=arms, seeds=range(3)), device="cuda")
    training.train_only(2)
    waits = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that this mode is a prototype
        torch.cuda.set_sync_debug_mode("warn")
    try:
        for epochs in (2, 20):
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                training._trainers[0].train(epochs)
            waits.append(len(caught))
    finally:
        torch.cuda.set_sync_debug_mode("default")
    assert waits[0] == waits[1]
