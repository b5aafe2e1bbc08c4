"""On a GPU: the same networks to rounding, and equal bits in any company. Skipped where there is none."""

import warnings

import pytest
import torch

from spectra_tune.design import Block, Condition
from spectra_tune.engine import BlockTraining, run_block
from spectra_tune.networks import mlp
from spectra_tune.results import unmeasured
from spectra_tune.tasks import moons

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")


@pytest.mark.parametrize("batch_size", [None, 37])
@pytest.mark.parametrize("width", [8, 17, 64, 256])
def test_a_members_bits_do_not_depend_on_its_company_on_a_gpu(arms, width, batch_size):
    condition = Condition(task=moons(samples=200), network=mlp(width=width), epochs=4, batch_size=batch_size)
    everyone = run_block(Block(condition=condition, arms=arms, seeds=range(40)), device="cuda")
    alone = run_block(Block(condition=condition, arms={"linear": arms["linear"]}, seeds=[7]), device="cuda")
    same = everyone[(everyone["arm"] == "linear") & (everyone["seed"] == 7)]
    assert unmeasured(alone).equals(unmeasured(same).reset_index(drop=True))
    assert everyone["equal_bits"].all()


def test_a_gpu_trains_the_processors_networks(arms):
    condition = Condition(task=moons(samples=100), network=mlp(width=16), epochs=20)
    finals = []
    for device in ("cpu", "cuda"):
        block = Block(condition=condition, arms={"none": arms["none"]}, seeds=range(3))
        training = BlockTraining(block, device=device, dtype=torch.float64)
        while not training.finished:
            training.advance()
        finals.append([value.cpu() for state in training._trainers[0].states() for value in state.values()])
    for one, other in zip(*finals, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-9)


def test_the_processor_waits_as_often_for_many_steps_as_for_few(arms):
    condition = Condition(task=moons(samples=100), network=mlp(width=16), epochs=40)
    training = BlockTraining(Block(condition=condition, arms=arms, seeds=range(3)), device="cuda")
    training.train_only(2)
    waits = []
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
