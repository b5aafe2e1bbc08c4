"""A block over the memory bound is split by its seeds, and its parts' runs are the whole block's."""

from dataclasses import replace

import pandas
import pytest
import torch

from spectra_tune.design import Block, Condition
from spectra_tune.engine import memory, parts, run_block
from spectra_tune.engine.groups import stacks
from spectra_tune.engine.size import cells_of_sample
from spectra_tune.networks import cnn, mlp, transformer
from spectra_tune.results import RUN_KEY, unmeasured
from spectra_tune.tasks import fashion_mnist, moons, pride_and_prejudice
from tests.laws.kinds import ENGINES, OF_TOKENS, OWN, on


def test_a_small_block_is_not_split(block):
    assert parts(block) == (block,)


@pytest.mark.parametrize("seeds_per_part", [1, 3, 7])
def test_parts_have_all_seeds_once_and_keep_to_the_bound(block, monkeypatch, seeds_per_part):
    large = replace(block, seeds=range(10))
    monkeypatch.setattr(memory, "BOUND_BYTES", memory.bytes_per_seed(large) * seeds_per_part)
    split = parts(large)
    assert [seed for part in split for seed in part.seeds] == list(range(10))
    assert all(len(part.seeds) <= seeds_per_part for part in split)
    assert len(split) == -(-10 // seeds_per_part)


def test_a_seed_over_the_bound_is_a_part_of_its_own(block, monkeypatch):
    monkeypatch.setattr(memory, "BOUND_BYTES", 1)
    assert [part.seeds for part in parts(block)] == [(0,), (1,), (2,)]


def test_parts_have_the_bits_of_the_whole(block, monkeypatch):
    whole = run_block(block)
    monkeypatch.setattr(memory, "BOUND_BYTES", memory.bytes_per_seed(block))
    joined = pandas.concat([run_block(part) for part in parts(block)])
    order = list(RUN_KEY)
    one, other = (unmeasured(runs).sort_values(order).reset_index(drop=True) for runs in (whole, joined))
    assert one.equals(other)


def test_what_a_run_needs_grows_with_its_width_and_its_own_data(block):
    wide = replace(block, condition=replace(block.condition, network=mlp(width=512)))
    assert memory.bytes_per_member(wide) > 36 * 512**2
    fixed = Block(
        condition=Condition(task=moons(data_seed=1), network=mlp(width=8)), arms=block.arms, seeds=block.seeds
    )
    own = replace(fixed, condition=replace(fixed.condition, task=moons()))
    assert memory.bytes_per_seed(own) > 2 * memory.bytes_per_seed(fixed)


@pytest.mark.parametrize("network", ENGINES.values(), ids=ENGINES)
@pytest.mark.parametrize("task", [*OWN.values(), *OF_TOKENS.values()], ids=[*OWN, *OF_TOKENS])
def test_what_a_run_needs_is_known_for_any_input_and_engine(task, network, arms, monkeypatch):
    condition = Condition(task=task, network=on(task, network), epochs=2)
    large = Block(condition=condition, arms=arms, seeds=range(6))
    numbers = task.draw("train", 0)[0][0].size
    of_task, of_arm = (8, 4 * len(arms)) if stacks(condition) else (task.draw("train", 0)[0].itemsize, 0)
    assert memory.bytes_per_member(large) > (2 * 4 * task.samples * numbers if stacks(condition) else 0)
    assert memory.bytes_on_gpu(large) > memory.CONTEXT_BYTES
    more = replace(large, condition=replace(condition, task=replace(task, samples=6000)))
    assert memory.bytes_per_seed(more) - memory.bytes_per_seed(large) > 5940 * numbers * (of_task + of_arm)
    monkeypatch.setattr(memory, "BOUND_BYTES", 2 * memory.bytes_per_seed(large))
    assert [part.seeds for part in parts(large)] == [(0, 1), (2, 3), (4, 5)]


@pytest.mark.parametrize("network", ENGINES.values(), ids=ENGINES)
def test_parts_have_the_bits_of_the_whole_in_either_engine(network, arms, monkeypatch):
    block = Block(condition=Condition(task=moons(samples=50), network=network, epochs=2), arms=arms, seeds=range(3))
    test_parts_have_the_bits_of_the_whole(block, monkeypatch)


def test_data_of_members_that_train_in_turn_is_counted_once_as_it_was_drawn(arms):
    """Fashion-MNIST's bytes stay bytes: 13,000 pictures of 784, and 8,000 of them as tensors, for all arms."""
    condition = Condition(task=fashion_mnist(samples=4000), network=cnn(channels=16), batch_size=64, epochs=1)
    block = Block(condition=condition, arms=arms, seeds=range(20))
    of_seed = memory.bytes_per_seed(block)
    assert 13_000 * 784 + 8_000 * 784 < of_seed < 13_000 * 784 + 8_000 * 784 + len(arms) * 5e6
    assert len(parts(block)) == 1


@pytest.mark.parametrize(
    ("task", "network"),
    [
        (fashion_mnist(samples=100), cnn(channels=16)),
        (pride_and_prejudice(context=32), transformer(width=32, heads=2, depth=1)),
    ],
    ids=["pictures", "text"],
)
def test_what_a_pass_keeps_is_what_torch_keeps(task, network):
    """Counted of four samples, it grows as the batch does, and is more than the largest layer's outputs alone."""
    x = torch.as_tensor(task.draw("train", 0)[0][:16])
    module, sizes, kept = network.build(task), [], []
    for one in module.modules():
        one.register_forward_hook(lambda _m, _x, y: sizes.append(y.numel()) if isinstance(y, torch.Tensor) else None)
    with torch.autograd.graph.saved_tensors_hooks(lambda value: kept.append(value) or value, lambda value: value):
        module(x if x.dtype == torch.int64 else x.float())
    storages = {one.untyped_storage().data_ptr(): one.untyped_storage().nbytes() // one.element_size() for one in kept}
    weights = {one.untyped_storage().data_ptr() for one in module.parameters()}
    of_batch = sum(size for place, size in storages.items() if place not in weights)
    assert cells_of_sample(network, task) == pytest.approx(of_batch / len(x), rel=0.2)
    assert cells_of_sample(network, task) > max(sizes) / len(x)
