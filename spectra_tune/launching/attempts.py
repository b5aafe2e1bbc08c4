"""On which nodes a block has trained: kept beside the study until the block has ended, whatever ends in between."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

import pyarrow.fs
import ray

from spectra_tune.launching.block_store import filesystem_of, within
from spectra_tune.launching.storage_file import StorageFile

ATTEMPTS = "attempts"


class Attempt(NamedTuple):
    """A worker's start on a block."""

    node: str  # Ray's id of it
    address: str
    epoch: int  # that it began at
    after: str  # what had ended the attempt before, where Ray knows


def keep_attempt(folder: str, block: str, epoch: int) -> None:
    """Adds this worker's start."""
    here, nodes = ray.get_runtime_context().get_node_id(), {node["NodeID"]: node for node in ray.nodes()}
    before = attempts(folder, block)
    after = _end_of(before[-1], nodes) if before else ""
    file = _file(folder, block)
    file.create("")  # and the folder
    file.write(json.dumps([*before, Attempt(here, nodes[here]["NodeManagerAddress"], epoch, after)]))


def attempts(folder: str, block: str) -> list[Attempt]:
    """The starts on a block that has not ended, in their order."""
    return [Attempt(*one) for one in json.loads(_file(folder, block).read() or "[]")]


def forget_attempts(folder: str, block: str | None = None) -> None:
    """Removes those of a block, or of all blocks that an earlier study of the same name left."""
    if block is not None:
        _file(folder, block).remove()
        return
    files, path = filesystem_of(within(folder, ATTEMPTS))
    if files.get_file_info(path).type == pyarrow.fs.FileType.Directory:
        files.delete_dir_contents(path)


def interruptions(attempts: list[Attempt]) -> str:
    """How a block's training was broken off, in words; nothing where it was not."""
    began = [(f"resumed at epoch {one.epoch}" if one.epoch else "begun again", one.after) for one in attempts[1:]]
    return "; ".join(f"{how} after {after}" if after else how for how, after in began)


def _end_of(attempt: Attempt, nodes: Mapping[str, Mapping[str, Any]]) -> str:
    """What ended an attempt, by the nodes that Ray knows; nothing where it was the worker alone."""
    if attempt.node not in nodes:
        return "its cluster ended"
    return "" if nodes[attempt.node]["Alive"] else f"the node {attempt.address} was lost"


def _file(folder: str, block: str) -> StorageFile:
    return StorageFile(folder, f"{ATTEMPTS}/{block}.json")
