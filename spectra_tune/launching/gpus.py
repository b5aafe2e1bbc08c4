"""The cluster's GPUs: what a block gets of one, and whether there are any that torch can use."""

from collections.abc import Iterable

import ray
import ray.exceptions
from ray import tune

from spectra_tune.design import Condition, InvalidStudy
from spectra_tune.engine.environment import built_for_gpus
from spectra_tune.launching.cluster import NODE_PATIENCE_S, asked
from spectra_tune.launching.resume import left_to_gpus

BLOCKS_PER_GPU = 8

GPU_GIB = {"T4": 16, "L4": 24, "A10G": 24, "V100": 16, "A100": 40, "H100": 80, "H200": 141}
"""Memory by the beginning of what Ray calls a GPU; the smallest that is sold under that name."""

UNKNOWN_GIB = 8

USABLE = 0.9
"""Of a GPU's memory: what blocks need is an estimate."""

LATER = "gpus_later"
"""The resource by which the head of a cluster says how many GPUs it may grow to: Ray tells of nodes that are there."""


def check_gpus(folders: Iterable[str]) -> None:
    """Refuses what would wait or fail for ever: GPUs that torch cannot use, and none where these studies need one."""
    for address, answer in asked(built_for_gpus, "GPU"):
        try:
            usable = ray.get(answer, timeout=NODE_PATIENCE_S)
        except ray.exceptions.NodeDiedError:
            continue  # it takes no block either
        if not usable:
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
    """Memory of the cluster's smallest GPU by its type, as Ray names it; of an unknown type, and without one, 8 GiB."""
    types = {name.partition(":")[2] for name in ray.cluster_resources() if name.startswith("accelerator_type:")}
    sizes = [gib for one in types for kind, gib in GPU_GIB.items() if one.startswith(kind)]
    if len(sizes) < len(types) or not types:
        sizes.append(UNKNOWN_GIB)
    return min(sizes) * 2**30


def resources(share: float) -> tune.PlacementGroupFactory:
    """What a trial asks for: a processor, and a part of a GPU where the cluster has one."""
    return tune.PlacementGroupFactory([{"CPU": 1, "GPU": share} if share else {"CPU": 1}])
