"""The cluster's GPUs: what a block gets of one, and whether there are any that torch can use."""

import json
from collections.abc import Iterable
from functools import cache

import ray
import ray.exceptions
from ray import tune

from spectra_tune.cluster.joining import NODE_PATIENCE_S, asked
from spectra_tune.design import Condition, InvalidStudy
from spectra_tune.engine.gpu_memory import NOT_BUILT, gpu_bytes
from spectra_tune.launching.block_store import ended_blocks, read_whole, write_whole

BLOCKS_PER_GPU = 8

UNKNOWN_GIB = 8
"""Taken for the memory of a GPU that cannot be asked, such as one whose node has still to come."""

USABLE = 0.9
"""Of a GPU's memory: what blocks need is an estimate."""

ON_GPUS = "on_gpus.json"

LATER = "gpus_later"
"""The resource by which the head of a cluster says how many GPUs it may grow to: Ray tells of nodes that are there."""


def check_gpus(folders: Iterable[str]) -> None:
    """Refuses what would wait or fail for ever: GPUs that torch cannot use, and none where these studies need one."""
    for address, memory in _memory_of_gpus():
        if memory == NOT_BUILT:
            raise InvalidStudy(
                f"torch must be built for GPUs where Ray has one, at {address} it is not; install its CUDA build "
                "there, or start Ray with CUDA_VISIBLE_DEVICES set to nothing"
            )
    waiting = [folder for folder in folders if left_to_gpus(folder)]
    if waiting and not _gpus():
        raise InvalidStudy(
            f"a study that began on GPUs must go on on them, got a cluster without for {waiting[0]}; resume it where "
            "there is one, or resume it with another --storage: all its blocks then begin anew, on processors"
        )


def note_gpus(folder: str, blocks: Iterable[str]) -> None:
    """Notes which blocks are given parts of GPUs, in place of those noted before."""
    there = sorted(blocks)
    if there or read_whole(folder, ON_GPUS) is not None:
        write_whole(folder, ON_GPUS, json.dumps(there).encode())


def left_to_gpus(folder: str) -> bool:
    """Whether blocks that were given parts of GPUs have not ended."""
    noted = read_whole(folder, ON_GPUS)
    return noted is not None and bool(set(json.loads(noted)) - ended_blocks(folder))


def gpu_share(needed_bytes: float, blocks: int) -> float:
    """The part of a GPU that a block which needs so many bytes of its memory asks for; 0 where there is none.

    No smaller than its memory wants, no smaller than an eighth, and no smaller than makes use of every GPU.
    """
    gpus = _gpus()
    if not gpus or not needed_bytes:
        return 0
    fit = int(USABLE * _smallest_gpu_bytes() // needed_bytes)
    return 1 / max(1, min(BLOCKS_PER_GPU, fit, -(-blocks // gpus)))


def workers(needed_bytes: Iterable[float]) -> int:
    """Trials that the cluster trains at a time, where each needs no more than one of these of a GPU's memory."""
    processors = max(1, int(ray.cluster_resources().get("CPU", 1)))
    share = gpu_share(max(needed_bytes), BLOCKS_PER_GPU * max(1, _gpus()))
    return max(1, min(processors, round(_gpus() / share))) if share else processors


def has_gpus() -> bool:
    """Whether trials are given parts of GPUs."""
    return _gpus() > 0


def check_device(conditions: Iterable[Condition]) -> None:
    """Refuses Conditions that name a device which the cluster has not."""
    if not _gpus() and any(condition.device == "cuda" for condition in conditions):
        raise InvalidStudy(
            "device 'cuda' needs a cluster with a GPU, this one has none: join one that has (--address), or leave "
            "device out, and blocks train on what there is"
        )


def _gpus() -> int:
    """GPUs that the cluster has, or may grow to."""
    there = ray.cluster_resources()
    return int(max(there.get("GPU", 0), there.get(LATER, 0)))


def _smallest_gpu_bytes() -> int:
    """Memory of the cluster's smallest GPU; 8 GiB where none can be asked."""
    told = [UNKNOWN_GIB * 2**30 if memory is None else memory for _, memory in _memory_of_gpus()]
    return min(told, default=UNKNOWN_GIB * 2**30)


def _memory_of_gpus() -> tuple[tuple[str, int | None], ...]:
    """Address of each node that has GPUs, and the memory of its smallest one; see `gpu_bytes`."""
    return _asked_once(frozenset(node["NodeID"] for node in ray.nodes() if node["Alive"]))


@cache
def _asked_once(_nodes: frozenset[str]) -> tuple[tuple[str, int | None], ...]:
    """What the nodes that there are say: they are asked again when there are others."""
    told = []
    for address, answer in asked(gpu_bytes, "GPU"):
        try:
            told.append((address, ray.get(answer, timeout=NODE_PATIENCE_S)))
        except ray.exceptions.NodeDiedError:
            continue  # it takes no block either
        except ray.exceptions.GetTimeoutError:
            raise InvalidStudy(
                f"a node with a GPU must say within {NODE_PATIENCE_S} s how large it is, the one at {address} does "
                "not; mend or remove it"
            ) from None
    return tuple(told)


def resources(share: float) -> tune.PlacementGroupFactory:
    """What a trial asks for: a processor, and a part of a GPU where the cluster has one."""
    return tune.PlacementGroupFactory([{"CPU": 1, "GPU": share} if share else {"CPU": 1}])
