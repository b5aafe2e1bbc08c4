"""The names of blocks that Ray, its folders and the display show."""

import re

from spectra_tune.design import Block, condition_signature
from spectra_tune.design.signature import digest
from studies.command.catalogue import Named

LONGEST = 60
"""Characters of a study's name, and of a Condition's, in a block's; a folder may have 255 bytes."""


def block_names(named: Named, blocks: tuple[Block, ...]) -> dict[str, Block]:
    """Each block under its name: its study, what tells its Condition apart, and the start of its signature, which its
    arms and seeds are in.
    """
    labels, found = named.study.labels(), {}
    for block in blocks:
        words = [_plain(named.name), _plain(labels[condition_signature(block.condition)]), digest(block)[:8]]
        found["-".join(words)] = block
    return found


def _plain(words: str) -> str:
    """Letters and digits of any script, with what stands between them made plain."""
    return re.sub(r"[^\w\-.]+", "_", words.replace(", ", "-"))[:LONGEST].strip("_.")
