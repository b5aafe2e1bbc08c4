"""Which parts of blocks go on from what they have kept."""

import pytest

from spectra_tune.design import Block, Condition
from spectra_tune.launching.begun_blocks import begun_blocks, forget_state, going_on, keep_state, kept_state
from spectra_tune.launching.parts import Part, left
from spectra_tune.networks import mlp
from spectra_tune.tasks import moons
from tests.conftest import ARMS

BLOCK = Block(condition=Condition(task=moons(samples=40), network=mlp(width=4), epochs=2), arms=ARMS, seeds=range(6))


def test_a_state_is_there_until_the_block_has_ended(tmp_path):
    folder = str(tmp_path)
    assert kept_state(folder, "block") is None
    for state in (b"one", b"two"):
        keep_state(folder, "block", state)
        assert kept_state(folder, "block") == state
    assert begun_blocks(folder) == {"block"}
    forget_state(folder, "block")
    forget_state(folder, "block")
    assert begun_blocks(folder) == set()


@pytest.mark.parametrize(
    ("begun", "ended", "expected"),
    [
        (["block-seeds0-2"], [], ["block-seeds0-2"]),
        (["block-seeds0-2", "block-seeds3-5"], [], ["block-seeds0-2", "block-seeds3-5"]),
        (["block-seeds0-2"], [(2, 3)], []),  # one of its seeds has ended in another part
        (["block-seeds0-2", "block-seeds2-5"], [], ["block-seeds0-2"]),  # seed 2 would be trained twice
        (["block", "block-seeds0-2"], [], ["block"]),
        (["block-seeds0-2", "another", "block-seeds9-10"], [], ["block-seeds0-2"]),
        (["block"], [tuple(range(6))], []),
    ],
)
def test_parts_go_on_whose_seeds_are_all_left_and_no_seed_is_trained_twice(tmp_path, begun, ended, expected):
    for name in begun:
        keep_state(str(tmp_path), name, b"state")
    trained = [Part(of="block", whole=BLOCK, seeds=seeds) for seeds in ended]
    found = going_on(str(tmp_path), {"block": BLOCK}, trained)
    assert list(found) == expected
    seeds = [seed for part in (*trained, *found.values()) for seed in part.seeds]
    rest = [seed for of in left({"block": BLOCK}, [*trained, *found.values()]).get("block", []) for seed in of]
    assert sorted((*seeds, *rest)) == list(range(6))
