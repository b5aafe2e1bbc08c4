"""States of blocks in training, from which they go on whatever ends: a file each, there until the block has ended.

They are ours, not Ray's checkpoints: a study goes on by them alone, with as many or few of them as are whole.
"""

from collections.abc import Iterable, Mapping

from spectra_tune.design import Block
from spectra_tune.launching.block_store import names_in, read_whole, remove, within, write_whole
from spectra_tune.launching.parts import Part, left, named_parts

BEGUN, STATE = "begun", ".pt"


def keep_state(folder: str, block: str, state: bytes) -> None:
    """Keeps what a block's training continues from, in place of what was kept before."""
    write_whole(within(folder, BEGUN), f"{block}{STATE}", state)


def kept_state(folder: str, block: str) -> bytes | None:
    """What was kept last of a block that has not ended; None where nothing was."""
    return read_whole(within(folder, BEGUN), f"{block}{STATE}")


def forget_state(folder: str, block: str) -> None:
    """Removes what was kept of a block: it has ended."""
    remove(within(folder, BEGUN), f"{block}{STATE}")


def begun_blocks(folder: str) -> set[str]:
    """Names of the blocks, and parts of blocks, of which a state is kept."""
    return {name.removesuffix(STATE) for name in names_in(within(folder, BEGUN)) if name.endswith(STATE)}


def going_on(folder: str, blocks: Mapping[str, Block], ended: Iterable[Part]) -> dict[str, Part]:
    """The parts of blocks that have begun, and only with seeds that are in none that has ended, nor in one another."""
    trained, found = list(ended), {}
    for name, part in sorted(named_parts(begun_blocks(folder), blocks).items()):
        to_train = left(blocks, trained).get(part.of, [])
        if any(set(part.seeds) <= set(seeds) for seeds in to_train):
            found[name] = part
            trained.append(part)
    return found
